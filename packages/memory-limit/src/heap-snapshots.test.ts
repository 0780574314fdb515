import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noopLogger, type Logger } from "@kinglet/logger";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createHeapSnapshots, type HeapSnapshotOptions } from "./heap-snapshots.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kinglet-snapshot-"));
});

afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

function codeOf(options: Partial<HeapSnapshotOptions>): Promise<string> {
  const snapshots = createHeapSnapshots({ dir: folder, applet: "sensor", logger: noopLogger, ...options });
  return snapshots.write().then(
    () => "written",
    (error: unknown) => (error as { code: string }).code.replace("KINGLET_ERR_MEMORY_LIMIT_SNAPSHOT_", ""),
  );
}

describe("createHeapSnapshots", () => {
  it("[memory snapshot] refuses with a code when directory, memory or disk do not allow it", async () => {
    expect(await codeOf({ dir: undefined })).toBe("DIR_UNSET");
    expect(await codeOf({ dir: join(folder, "missing") })).toBe("DIR_UNWRITABLE");
    writeFileSync(join(folder, "file"), "");
    expect(await codeOf({ dir: join(folder, "file") })).toBe("DIR_UNWRITABLE");
    expect(await codeOf({ dir: "/proc" })).toMatch(/^(?:DIR_UNWRITABLE|DISK_SHORT)$/);
    expect(await codeOf({ availableBytes: () => 1_000_000 })).toBe("MEMORY_SHORT");
    expect(await codeOf({ limitBytes: 1_000_000 })).toBe("MEMORY_SHORT");
    expect(await codeOf({ freeDiskBytes: () => 1_000_000 })).toBe("DISK_SHORT");
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  it("[memory snapshot] writes one file at a time, readable by its owner only, and warns that it holds secrets", async () => {
    const warnings: string[] = [];
    const logger: Logger = { ...noopLogger, warn: (message) => void warnings.push(message) };
    const snapshots = createHeapSnapshots({ dir: folder, applet: "sensor", logger });
    const first = snapshots.write();
    await expect(snapshots.write()).rejects.toMatchObject({ code: "KINGLET_ERR_MEMORY_LIMIT_SNAPSHOT_BUSY" });
    const { path, bytes } = await first;
    const { mode, size } = statSync(path);
    expect(mode & 0o777).toBe(0o600);
    expect(bytes).toBe(size);
    expect(bytes).toBeGreaterThan(1_000_000);
    expect(warnings).toEqual(["writing a heap snapshot: it holds secrets, keep it away from others"]);
    rmSync(path);
  });
});

describe("handleMemorySignals", () => {
  it("[memory snapshot] writes on SIGUSR2, [memory SIGUSR1] never opens the inspector on SIGUSR1", async () => {
    const from = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);
    const program = join(folder, "program.mts");
    writeFileSync(
      program,
      `import { createHeapSnapshots } from ${from("heap-snapshots.ts")};
       import { handleMemorySignals } from ${from("handle-memory-signals.ts")};
       const say = (message, fields) => process.stdout.write(message + " " + JSON.stringify(fields ?? {}) + "\\n");
       const logger = { error: say, warn: say, info: say, debug: say, isEnabled: () => true };
       const snapshots = createHeapSnapshots({ dir: process.argv[2], applet: "sensor", logger });
       handleMemorySignals({ process, snapshots, logger });
       setInterval(() => {}, 1000);
       process.stdout.write("started\\n");`,
    );
    const child = spawn(process.execPath, ["--conditions=@kinglet/source", program, folder]);
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
    const said = async (text: string): Promise<void> => {
      while (!output.includes(text)) await once(child.stdout, "data");
    };
    await said("started");
    child.kill("SIGUSR1");
    await said("SIGUSR1 is ignored");
    child.kill("SIGUSR2");
    await said("heap snapshot written");
    child.kill("SIGKILL");
    await once(child, "close");
    expect(output).not.toContain("Debugger listening");
    expect(readdirSync(folder).some((name) => /^sensor-.*\.heapsnapshot$/.test(name))).toBe(true);
  });
});
