import { posix } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { resolvePath } from "./resolve-path.ts";

describe("resolvePath", () => {
  it.each([
    ["/usr/../data/evil", "/data/evil"],
    ["//data/./evil", "/data/evil"],
    ["/data/..", "/"],
    ["/../../data/x", "/data/x"],
    ["/proc/self/root/data/evil", "/data/evil"],
    ["/proc/1/task/1/root/data/evil", "/data/evil"],
    ["/proc/self/root/proc/1/root/data/evil", "/data/evil"],
    ["/proc/self/root/../data/evil", "/data/evil"],
    ["/proc/self/cwd/evil", "/srv/app/evil"],
    ["/proc/thread-self/cwd/evil", "/srv/app/evil"],
    ["/proc/77/cwd/../evil", "/srv/evil"],
    ["/proc/self/task/7/cwd", "/srv/app"],
    ["/x/../proc/self/cwd/./evil", "/srv/app/evil"],
    ["/proc/self/root/proc/self/cwd/evil", "/srv/app/evil"],
  ])("%s is %s", (path, expected) => {
    expect(resolvePath(path, "/srv/app")).toBe(expected);
  });

  it.each([
    "/usr/bin/node",
    "/srv/..data/x",
    "/srv/.hidden",
    "/proc/self/fd/5",
    "/proc/self/cwdx",
    "/proc/acpi/root",
    "/srv/proc/self/cwd/x",
    "/srv/root/x",
    "./x",
    "x/../y",
    "memfd:x",
    "",
  ])("%s stays", (path) => {
    expect(resolvePath(path, "/srv/app")).toBe(path);
  });

  it("answers for each working folder by itself", () => {
    const folders = ["/a", "/a", "/b", "/a"];
    expect(folders.map((cwd) => resolvePath("/proc/self/cwd/x", cwd))).toEqual(["/a/x", "/a/x", "/b/x", "/a/x"]);
    expect(["/b/../c", "/b/c", "/b/../c"].map((path) => resolvePath(path, "/a"))).toEqual(["/c", "/b/c", "/c"]);
  });

  it("leaves a working folder that nobody knows as it was told", () => {
    expect(resolvePath("/proc/self/cwd/../x", "")).toBe("/proc/self/x");
    expect(resolvePath("/proc/self/cwd/x", "pipe:[7]")).toBe("/proc/self/cwd/x");
  });

  it("is what the path without links is, for any path", () => {
    const name = fc.constantFrom("", ".", "..", "a", "b", "usr", "..c", "root", "cwd");
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 9 }), (names) => {
        const path = `/${names.join("/")}`;
        const resolved = resolvePath(path, "/srv");
        const expected = posix.resolve(path);
        // Without a detour nothing is made of it, a closing slash included.
        expect(resolved === path ? posix.resolve(resolved) : resolved).toBe(expected);
      }),
      { seed: 1, numRuns: 1_000 },
    );
  });
});
