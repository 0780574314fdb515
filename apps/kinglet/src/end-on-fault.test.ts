import { spawnSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";

const folder = `${import.meta.dirname}/`;

/** A program of its own: only a real process shows what Node does with a fault that nobody handles. */
function program(body: string) {
  const module = (name: string): string => JSON.stringify(pathToFileURL(`${folder}${name}`).href);
  const source = `
    import { endOnFault } from ${module("end-on-fault.ts")};
    import { openProcessOutput } from ${module("process-output.ts")};
    endOnFault(process, await openProcessOutput(2));
    ${body}
    await new Promise((resolve) => setTimeout(resolve, 20_000));`;
  const args = ["--conditions=@kinglet/source", "--no-warnings", "--input-type=module", "-e", source];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", cwd: folder });
  return { status, stdout, lines: stderr.split("\n") };
}

describe("endOnFault", () => {
  it.each([
    ["an exception in a call-back", "setTimeout(() => { throw new TypeError('broken') }, 1);"],
    ["a rejection that nobody handles", "void Promise.reject(new Error('broken'));"],
    ["a rejection that is no error", "void Promise.reject('broken');"],
    ["an error event without a listener", "(await import('node:net')).connect('/broken');"],
  ])("ends the program with one coded line and 1 after %s", (_name, body) => {
    const { status, stdout, lines } = program(body);
    expect({ status, stdout, lines: lines.length }).toEqual({ status: 1, stdout: "", lines: 2 });
    expect(lines[0]).toMatch(/^KINGLET_ERR_KINGLET_UNEXPECTED .*broken/);
  });
});
