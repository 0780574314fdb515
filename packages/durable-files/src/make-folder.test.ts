import { statSync, writeFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { openTempDir } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { makeFolder } from "./make-folder.ts";

describe("makeFolder", () => {
  it("makes a folder with those above it, in the mode asked for, and takes one that is there [files F-1]", async () => {
    await using folder = await openTempDir("make folder ");
    const path = folder.file("one/two/three");
    makeFolder(path, 0o700);
    makeFolder(`${path}/`, 0o755);
    expect([folder.file("one"), path].map((each) => statSync(each).mode & 0o777)).toEqual([0o700, 0o700]);
  });

  it("takes a folder that somebody else made in the same moment [files F-1]", async () => {
    await using folder = await openTempDir("make folder ");
    const code = `
      const { workerData: { module, base, gate } } = require("node:worker_threads");
      import(module).then(({ makeFolder }) => {
        Atomics.add(gate, 0, 1);
        for (let at = 0; at < 2_000; at++) {
          while (Atomics.load(gate, 0) < 2 + 2 * at);
          makeFolder(base + at, 0o700);
          Atomics.add(gate, 0, 1);
        }
      });`;
    const gate = new Int32Array(new SharedArrayBuffer(4));
    const workerData = { module: import.meta.resolve("./make-folder.ts"), base: folder.file("at"), gate };
    const workers = [0, 1].map(() => new Worker(code, { eval: true, workerData }));
    const ended = workers.map(
      (worker) => new Promise((resolve, reject) => worker.on("exit", resolve).on("error", reject)),
    );
    try {
      expect(await Promise.all(ended)).toEqual([0, 0]);
    } finally {
      // One that failed leaves the other one waiting.
      for (const worker of workers) await worker.terminate();
    }
  });

  it("says what the file system says about a file in the way [files F-1]", async () => {
    await using folder = await openTempDir("make folder ");
    writeFileSync(folder.file("file"), "");
    expect(() => makeFolder(folder.file("file"), 0o700)).toThrow("EEXIST");
    expect(() => makeFolder(folder.file("file/below"), 0o700)).toThrow("ENOTDIR");
  });

  it.runIf(process.platform === "linux")("ends where a file system takes no folders [files F-2]", () => {
    expect(() => makeFolder("/proc/kinglet/below", 0o700)).toThrow("ENOENT");
  });
});
