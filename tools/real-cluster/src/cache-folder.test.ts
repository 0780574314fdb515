import { describe, expect, it } from "vitest";
import { cacheFolder, cacheKey, cacheRoot } from "./cache-folder.ts";

describe("cacheRoot", () => {
  it("follows XDG_CACHE_HOME when it is absolute", () => {
    expect(cacheRoot({ XDG_CACHE_HOME: "/x/cache", HOME: "/home/a" })).toBe("/x/cache/kinglet/real-cluster");
  });

  it("falls back to ~/.cache when XDG_CACHE_HOME is unset, empty or relative", () => {
    for (const xdg of [{}, { XDG_CACHE_HOME: "" }, { XDG_CACHE_HOME: "relative" }]) {
      expect(cacheRoot({ HOME: "/home/a", ...xdg })).toBe("/home/a/.cache/kinglet/real-cluster");
    }
  });
});

describe("cacheKey", () => {
  it("is 16 hex digits that change with go.sum", () => {
    expect(cacheKey("a v1 h1:x\n")).toMatch(/^[0-9a-f]{16}$/u);
    expect(cacheKey("a v1 h1:x\n")).toBe(cacheKey(Buffer.from("a v1 h1:x\n")));
    expect(cacheKey("a v1 h1:x\n")).not.toBe(cacheKey("a v2 h1:y\n"));
  });
});

describe("cacheFolder", () => {
  it("names the build of this checkout's go.sum below the root", () => {
    expect(cacheFolder({ XDG_CACHE_HOME: "/c" })).toMatch(/^\/c\/kinglet\/real-cluster\/[0-9a-f]{16}$/u);
  });
});
