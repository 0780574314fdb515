import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const script = fileURLToPath(new URL("../test/stream-50000.ts", import.meta.url));

function stream(heapMegabytes: number): Promise<{ stdout: string }> {
  const flags = ["--conditions=@kinglet/source", `--max-old-space-size=${heapMegabytes}`];
  return promisify(execFile)(process.execPath, [...flags, script]);
}

describe("createInformer", () => {
  it("streams 50,000 objects, and all of them again beside the old state, within a heap of 48 MB [client S7]", async () => {
    const { stdout } = await stream(48);
    expect(JSON.parse(stdout)).toEqual({ requests: 2, held: 50_000, version: "2000" });
  });
});
