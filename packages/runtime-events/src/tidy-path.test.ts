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
    ["/a/../tmp/", "/tmp/"],
    ["/proc/self/root/etc/shadow", "/etc/shadow"],
    ["/proc/17/root/etc/shadow", "/etc/shadow"],
    ["/proc/thread-self/root", "/"],
    ["/proc/self/task/17/root/etc/shadow", "/etc/shadow"],
    ["/proc/self/root/proc/1/root/etc/shadow", "/etc/shadow"],
    ["/proc//self/./root/../etc/shadow", "/etc/shadow"],
    ["/tmp/../proc/self/root/../etc/shadow", "/etc/shadow"],
    ["/proc/self/rootx/etc", "/proc/self/rootx/etc"],
    ["/proc/self/fd/root", "/proc/self/fd/root"],
    ["/root/proc/self/root", "/root/proc/self/root"],
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
    expect(tidyProgramPath("/usr/../var/www/x")).toBe("/usr/../var/www/x");
    expect(tidyProgramPath("/proc/self/root/bin/ls")).toBe("/proc/self/root/bin/ls");
  });

  it.each([
    ["/usr/../dev/shm/x", "/dev/shm/x"],
    ["/usr/bin/../../tmp/x", "/tmp/x"],
    ["/usr//bin/../../var/tmp/./x", "/var/tmp/x"],
    ["/proc/self/root/dev/shm/x", "/dev/shm/x"],
    ["/usr/../proc/self/fd/3", "/proc/self/fd/3"],
    ["/proc/self/exe", "/proc/self/exe"],
  ])("makes of %s, which leads to where no program of an image is, %s", (path, tidy) => {
    expect(tidyProgramPath(path)).toBe(tidy);
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
