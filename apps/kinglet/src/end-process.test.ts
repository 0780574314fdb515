import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { openTempDir } from "@kinglet/testing";
import { describe, expect, it } from "vitest";

/** A program of its own: only a real process shows what its threads hold up. */
async function program(body: string) {
  await using folder = await openTempDir("kinglet-end-");
  const script = folder.file("program.mjs");
  const pipe = folder.file("pipe");
  execFileSync("mkfifo", [pipe]);
  const module = pathToFileURL(`${import.meta.dirname}/end-process.ts`).href;
  writeFileSync(
    script,
    `if (process.argv[2] === "--end-with") process.exit(Number(process.argv[3]));
    const { endAtOnce, endProcess } = await import(${JSON.stringify(module)});
    const fs = await import("node:fs");
    const script = process.argv[1];
    const pipe = ${JSON.stringify(pipe)};
    ${body}`,
  );
  const args = ["--conditions=@kinglet/source", "--no-warnings", script];
  const { status, signal, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 10_000 });
  return { status, signal, stderr };
}

describe("endProcess", () => {
  it.each([
    ["nothing is under way", ""],
    ["a thread waits for the other end of a pipe", "fs.open(pipe, 'r', () => {});"],
    ["a promise waits for it", "void fs.promises.open(pipe, 'r');"],
    ["no thread is left", "for (let n = 0; n < 9; n++) fs.open(pipe, 'r', () => {});"],
  ])("ends with its code while %s", async (_what, body) => {
    const ended = await program(`${body} await endProcess(7, process, script);`);
    expect(ended).toEqual({ status: 7, signal: null, stderr: "" });
  });

  it("lets what is under way come to its end", async () => {
    const body = `setTimeout(() => fs.writeFileSync(pipe, "x"), 100);
      fs.open(pipe, "r", () => process.stderr.write("read"));`;
    const ended = await program(`${body} await endProcess(3, process, script);`);
    expect(ended).toMatchObject({ status: 3, stderr: "read" });
  });
});

describe("endAtOnce", () => {
  it("waits for no thread", async () => {
    const ended = await program("fs.open(pipe, 'r', () => {}); endAtOnce(143, process, script);");
    expect(ended).toEqual({ status: 143, signal: null, stderr: "" });
  });

  it("waits where the program may not take the place of the process, and ends with the code", async () => {
    const body = `const own = { ...process, exit: (code) => process.exit(code), execPath: process.execPath,
        getActiveResourcesInfo: () => ["FSReqCallback"], execve: () => { throw new Error("not permitted"); } };
      endAtOnce(5, own, script);`;
    expect(await program(body)).toEqual({ status: 5, signal: null, stderr: "" });
  });
});
