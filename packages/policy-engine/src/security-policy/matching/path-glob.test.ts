import { describe, expect, it } from "vitest";

import { compilePathGlob } from "./path-glob.ts";
import { createPatternEngine } from "./re2-pattern-engine.ts";

const engine = createPatternEngine();

describe("compilePathGlob", () => {
  it.each([
    ["/etc/passwd", "/etc/passwd", true],
    ["/etc/passwd", "/etc/Passwd", false],
    ["/etc/**", "/etc", true],
    ["/etc/**", "/etc/a/b", true],
    ["/etc/**", "/etcetera", false],
    ["/etc/*", "/etc/a", true],
    ["/etc/*", "/etc/a/b", false],
    ["/etc/*.conf", "/etc/a.conf", true],
    ["/etc/*.conf", "/etc/A.CONF", false],
    ["/**/passwd", "/passwd", true],
    ["/**/passwd", "/a/b/passwd", true],
    ["/**/passwd", "/a/xpasswd", false],
    ["/home/*/.ssh/**", "/home/jane/.ssh/id", true],
    ["/home/*/.ssh/**", "/home/jane/.ssh", true],
    ["/home/*/.ssh/**", "/home/a/b/.ssh/id", false],
    ["/a**b", "/axxb", true],
    ["/a**b", "/ax/xb", false],
    ["/dev/sd?", "/dev/sda", true],
    ["/dev/sd?", "/dev/sd/", false],
    ["/dev/[a-c]", "/dev/b", true],
    ["/dev/[!a-c]", "/dev/b", false],
    ["/dev/[^a-c]", "/dev/x", true],
    ["/{bin,usr/bin}/sh", "/usr/bin/sh", true],
    ["/{bin,usr/bin}/sh", "/sbin/sh", false],
    ["/a\\*b", "/a*b", true],
    ["/a\\*b", "/axb", false],
    ["/a.b+(c)$", "/a.b+(c)$", true],
  ])("%s over %s is %s", (glob, path, expected) => {
    const compiled = compilePathGlob(glob, engine);
    expect(compiled.kind === "test" && compiled.test(path)).toBe(expected);
  });

  it("is plain for paths and folders, and asks for the engine otherwise", () => {
    expect(compilePathGlob("/etc/passwd", undefined).kind).toBe("test");
    expect(compilePathGlob("/etc/**", undefined).kind).toBe("test");
    expect(compilePathGlob("/**/x", undefined).kind).toBe("needsEngine");
  });

  it("refuses what is open", () => {
    for (const glob of ["/[a", "/{a,b", "/a\\"]) expect(compilePathGlob(glob, engine).kind).toBe("problem");
  });

  it("is linear in paths that a glob with many folders could back up over [policy E-5]", () => {
    const compiled = compilePathGlob("/**/a/**/a/**/a/**/a/**/a/**/b", engine);
    expect(compiled.kind === "test" && compiled.test("/a".repeat(20_000))).toBe(false);
  });
});
