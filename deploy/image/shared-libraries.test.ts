import { describe, expect, it } from "vitest";
import { parseLdd, sharedLibraries } from "./shared-libraries.ts";

describe("parseLdd", () => {
  it("takes libraries and the loader with the paths they were found under, not the kernel's object", () => {
    const output = [
      "\tlinux-vdso.so.1 (0x00007ffc5e9f2000)",
      "\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f3a2d297000)",
      "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f3a2d01e000)",
      "\t/lib64/ld-linux-x86-64.so.2 (0x00007f3a2d999000)",
      "",
    ].join("\n");
    expect(parseLdd(output)).toEqual([
      "/lib/x86_64-linux-gnu/libm.so.6",
      "/lib/x86_64-linux-gnu/libc.so.6",
      "/lib64/ld-linux-x86-64.so.2",
    ]);
  });

  it("reads the output of another architecture alike", () => {
    const output =
      "\tlinux-vdso.so.1 (0x0000ffff9b2f0000)\n\tlibc.so.6 => /lib64/libc.so.6 (0x0000ffff9ae00000)\n\t/lib/ld-linux-aarch64.so.1 (0x0000ffff9b2b3000)\n";
    expect(parseLdd(output)).toEqual(["/lib64/libc.so.6", "/lib/ld-linux-aarch64.so.1"]);
  });

  it("names a library that is not installed", () => {
    expect(() => parseLdd("\tlibatomic.so.1 => not found\n")).toThrow("libatomic.so.1");
  });
});

describe("sharedLibraries", () => {
  it.runIf(process.platform === "linux")("lists what the running Node needs", () => {
    const libraries = sharedLibraries(process.execPath);
    expect(libraries.some((path) => path.includes("/libc.so."))).toBe(true);
    expect(libraries.some((path) => path.includes("/ld-linux"))).toBe(true);
    expect(new Set(libraries).size).toBe(libraries.length);
  });
});
