import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { playRecording } from "./play-recording.ts";

describe("playRecording", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "play-recording-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const lines = ["one", "two", "three \u{fffd}\u{1f600}", "four", "five"];

  it("leaves whole lines in files that sort by age, also when one was renamed inside a line", async () => {
    const restarts: string[] = [];
    await playRecording({
      path: join(folder, "tetragon.log"),
      lines,
      plan: [
        { kind: "write", from: 0, to: 1 },
        { kind: "rotate" },
        { kind: "write", from: 1, to: 2 },
        { kind: "rotate-inside", line: 2 },
        { kind: "restart", containerId: "a" },
        { kind: "write", from: 3, to: 5 },
      ],
      durationMs: 10,
      onRestart: async (containerId, writtenLines) => {
        restarts.push(`${containerId} after ${writtenLines}`);
      },
      signal: new AbortController().signal,
    });
    const names = readdirSync(folder).sort();
    expect(names).toEqual([
      "tetragon-2026-11-20T21-50-01.000.log",
      "tetragon-2026-11-20T21-50-02.000.log",
      "tetragon.log",
    ]);
    const texts = names.map((name) => readFileSync(join(folder, name), "utf8"));
    expect(texts).toEqual(["one\n", `two\n${lines[2]}\n`, "four\nfive\n"]);
    expect(restarts).toEqual(["a after 3"]);
  });

  it("stops between two bursts when the signal fires", async () => {
    const controller = new AbortController();
    const reason = new Error("stop");
    const playing = playRecording({
      path: join(folder, "tetragon.log"),
      lines,
      plan: [{ kind: "write", from: 0, to: 5 }],
      durationMs: 600_000,
      onRestart: async () => {},
      signal: controller.signal,
    });
    controller.abort(reason);
    await expect(playing).rejects.toBe(reason);
    expect(readFileSync(join(folder, "tetragon.log"), "utf8")).toBe("one\n");
  });
});
