import { describe, expect, it } from "vitest";
import { profileViewWith } from "../test/profile-views.ts";
import { isSameProgram, wasExecutedWith } from "./program-name.ts";

const answersOf = (path: string, name: string) => profileViewWith({ execs: [{ path, args: [name, "-c"] }] }).content;

describe("wasExecutedWith", () => {
  it.each([
    ["/bin/sh", "/bin/sh", "/bin/sh", true],
    ["/bin/sh", "sh", "/bin/sh", true],
    ["/bin/sh", "-sh", "/bin/sh", true],
    ["/bin/sh", "/bin/sh", "sh", true],
    ["/bin/sh", "sh", "sh", true],
    ["/bin/sh", "-sh", "sh", false],
    ["/bin/sh", "/bin/sh", "-sh", false],
    ["/bin/sh", "bash", "/bin/sh", false],
    ["/bin/sh", "/bin/sh", "/usr/bin/sh", false],
    ["/bin/busybox", "ls", "/bin/busybox", false],
    ["/bin/busybox", "/bin/busybox", "ls", false],
  ])("of %s takes %s in the profile for %s: %s [rules U-2]", (path, recorded, told, isThere) => {
    const content = answersOf(path, recorded);
    expect(wasExecutedWith(content, path, [told, "-c"])).toBe(isThere);
    expect(wasExecutedWith(content, path, [told, "-x"])).toBe(false);
    expect(wasExecutedWith(content, path, [])).toBe(false);
  });
});

describe("isSameProgram", () => {
  it("takes the path for the file's name only of what was executed [rules U-2]", () => {
    expect(["/bin/sh", "sh", "-sh", "bash"].map((name) => isSameProgram(name, "/bin/sh", "/bin/sh"))).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(["/bin/sh", "sh", "bash"].map((name) => isSameProgram(name, "/bin/sh", "/bin/bash"))).toEqual([
      true,
      false,
      false,
    ]);
  });
});
