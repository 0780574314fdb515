import { execFileSync, spawn } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasCode } from "@kinglet/errors";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLineWriter } from "./line-writer.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kinglet-writer-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A pipe whose reader is this test: nothing is read until `read` is called. */
function openFifo(): { readonly writeFd: number; read(): string; closeReader(): void } {
  const path = join(folder, "fifo");
  execFileSync("mkfifo", [path]);
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeFd = openSync(path, constants.O_WRONLY);
  return {
    writeFd,
    read: () => {
      const buffer = Buffer.alloc(65_536);
      try {
        return buffer.toString("utf8", 0, readSync(readFd, buffer));
      } catch {
        // EAGAIN: nothing there.
        return "";
      }
    },
    closeReader: () => closeSync(readFd),
  };
}

describe("openLineWriter", () => {
  it("[logger writer] writes lines in order and resolves when they are handed over", async () => {
    const path = join(folder, "out");
    const fd = openSync(path, "a");
    await using writer = openLineWriter({ fd });
    const done = Promise.all(Array.from({ length: 1000 }, (_, index) => writer.write(`line ${index}`)));
    await done;
    expect(readFileSync(path, "utf8")).toBe(Array.from({ length: 1000 }, (_, index) => `line ${index}\n`).join(""));
    expect(writer.bufferedBytes).toBe(0);
    closeSync(fd);
  });

  it("[logger writer] waits for a full pipe without blocking, keeps lines whole, drops with a count when its buffer is full", async () => {
    const pipe = openFifo();
    await using writer = openLineWriter({ fd: pipe.writeFd, maxBufferedBytes: 100_000 });
    const line = (index: number): string => `${String(index).padStart(6, "0")} ${"x".repeat(993)}`;
    let taken = 0;
    for (let index = 0; index < 300; index++) if (writer.tryWrite(line(index))) taken++;
    expect(taken).toBeLessThan(300);
    expect(writer.dropped).toBe(300 - taken);
    const all = writer.write("the end");
    let text = "";
    while (!text.endsWith("the end\n")) {
      text += pipe.read();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await all;
    const lines = text.split("\n").slice(0, -2);
    expect(lines).toEqual(Array.from({ length: taken }, (_, index) => line(index)));
    closeSync(pipe.writeFd);
  });

  it("[logger writer] rejects with a code and closes when the reader goes away", async () => {
    const pipe = openFifo();
    await using writer = openLineWriter({ fd: pipe.writeFd });
    pipe.closeReader();
    await expect(writer.write("x")).rejects.toSatisfy((error) => hasCode(error, "KINGLET_ERR_LOGGER_CLOSED"));
    expect(writer.isClosed).toBe(true);
    expect(writer.tryWrite("x")).toBe(false);
    expect(writer.dropped).toBe(1);
    await writer.flush();
    closeSync(pipe.writeFd);
  });

  it("[logger writer] loses only the lines of the moment while the device is full", async () => {
    const fd = openSync("/dev/full", "w");
    await using writer = openLineWriter({ fd });
    await expect(writer.write("x")).rejects.toSatisfy((error) => hasCode(error, "KINGLET_ERR_LOGGER_WRITE"));
    writer.tryWrite("y");
    await writer.flush();
    expect(writer.dropped).toBe(1);
    expect(writer.isClosed).toBe(false);
    closeSync(fd);
  });

  it("gives up waiting lines within a bound when disposed", async () => {
    const pipe = openFifo();
    const writer = openLineWriter({ fd: pipe.writeFd, maxBufferedBytes: 1_000_000 });
    const lost = writer.write("x".repeat(300_000));
    const outcome = lost.catch((error: unknown) => error);
    await writer[Symbol.asyncDispose]();
    await writer[Symbol.asyncDispose]();
    expect(hasCode(await outcome, "KINGLET_ERR_LOGGER_CLOSED")).toBe(true);
    closeSync(pipe.writeFd);
  });

  it("[logger writer] lets the process exit while its pipe is full", async () => {
    const script = `
      import { openLineWriter } from ${JSON.stringify(new URL("line-writer.ts", import.meta.url).href)};
      const writer = openLineWriter({ fd: 1 });
      for (let index = 0; index < 900; index++) writer.tryWrite("x".repeat(999));
      setTimeout(() => { writer.flushSync(); process.exit(7); }, 50);`;
    const path = join(folder, "program.mts");
    writeFileSync(path, script);
    // A shell makes a real pipe (Node would give its child a socket); the reader sleeps until it is ended.
    const command = `{ "$0" --conditions=@kinglet/source "$1"; echo $? >&2; } | sleep 30`;
    const shell = spawn("sh", ["-c", command, process.execPath, path], {
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
    });
    let said = "";
    shell.stderr.setEncoding("utf8");
    for await (const chunk of shell.stderr) {
      said += chunk as string;
      if (/^\d+$/m.test(said)) break;
    }
    process.kill(-shell.pid!, "SIGKILL");
    expect(said).toContain("7");
  });
});
