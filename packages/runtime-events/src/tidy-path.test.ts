import { posix } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linkTarget, tidyPath, tidyProgramPath } from "./tidy-path.ts";

describe("tidyPath", () => {
  it.each([
    ["/etc/shadow", "/etc/shadow"],
    ["/tmp/../etc/shadow", "/etc/shadow"],
    ["//etc/./shadow", "/etc/shadow"],
    ["/etc//shadow", "/etc/shadow"],
    ["/../../etc/shadow", "/etc/shadow"],
    ["/etc/.", "/etc"],
    ["/etc/...", "/etc/..."],
    ["/etc/.hidden/..x", "/etc/.hidden/..x"],
    ["etc/../shadow", "etc/../shadow"],
    ["", ""],
  ])("makes of %s %s", (path, tidy) => {
    expect(tidyPath(path)).toBe(tidy);
  });

  it("names the same file, without detours, for all absolute paths", () => {
    const parts = fc.array(fc.constantFrom("a", "..", ".", "", "b.c", "...", ".d"), { maxLength: 8 });
    fc.assert(
      fc.property(parts, (names) => {
        const path = `/${names.join("/")}`;
        expect(posix.resolve(tidyPath(path))).toBe(posix.resolve(path));
        expect(tidyPath(path)).not.toMatch(/\/\/|\/\.\.?\//);
        // The kernel would find the same file, whatever is a link.
        const parents = (text: string): number => text.split("/").filter((part) => part === "..").length;
        expect(parents(tidyProgramPath(path))).toBe(parents(path));
        expect(posix.resolve(tidyProgramPath(path))).toBe(posix.resolve(path));
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe("tidyProgramPath", () => {
  it("goes through no parent: that may be another folder than it seems", () => {
    expect(tidyProgramPath("/tmp/x/../../bin/ls")).toBe("/tmp/x/../../bin/ls");
    expect(tidyProgramPath("/bin//./ls")).toBe("/bin/ls");
  });
});

describe("linkTarget", () => {
  it("counts a relative target from the folder of the link", () => {
    expect(linkTarget("../../etc/shadow", "/tmp/a/x")).toBe("/etc/shadow");
    expect(linkTarget("shadow", "/etc/x")).toBe("/etc/shadow");
    expect(linkTarget("/etc//shadow", "x")).toBe("/etc/shadow");
    expect(linkTarget("shadow", "x")).toBe("shadow");
  });
});
