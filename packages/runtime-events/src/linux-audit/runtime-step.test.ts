import { describe, expect, it } from "vitest";
import type { KnownProcess } from "./known-process.ts";
import { isRuntimeCall, isRuntimeStep } from "./runtime-step.ts";

const runc: KnownProcess = {
  pid: 1,
  parentPid: 0,
  startedAtMs: 0,
  containerId: "",
  binary: "/usr/bin/runc",
  args: "create",
  execId: "seen",
  isRuntimeStage: false,
  checkedAtMs: 0,
};
const argv = ["runc", "init"];
const own = "/proc/self/exe";
const stage = { execId: "e1", isRuntimeStage: true, binary: "/proc/self/exe" };

describe("isRuntimeStep", () => {
  it("knows the first step, and the copy that follows on it [linux-audit runtime steps]", () => {
    expect(isRuntimeStep(argv, own, "/usr/bin/runc", undefined, runc)).toBe(true);
    expect(isRuntimeStep(argv, own, "/memfd:runc_cloned:/proc/self/exe (deleted)", stage, runc)).toBe(true);
  });

  it("is never what an exec from outside runs, whatever its name: that comes after the steps of its process [linux-audit runtime steps]", () => {
    expect(isRuntimeStep(argv, own, "/usr/bin/runc", stage, runc)).toBe(false);
    expect(isRuntimeStep(argv, own, "/tmp/runc", stage, runc)).toBe(false);
    const copied = { ...stage, binary: "/memfd:runc_cloned:/proc/self/exe" };
    expect(isRuntimeStep(argv, own, "/memfd:runc_cloned:/x", copied, runc)).toBe(false);
  });

  it("is never what the clone that becomes the container executes first by a name of a file there [linux-audit runtime steps]", () => {
    const clone = { execId: "", isRuntimeStage: true, binary: "/usr/bin/runc" };
    for (const before of [undefined, clone]) {
      for (const name of [
        "/tmp/runc",
        "/usr/bin/runc",
        "runc",
        "/tmp/../proc/self/exe",
        "/proc/77/exe",
        "/dev/fd/7",
        "",
      ]) {
        expect([name, isRuntimeStep(argv, name, "/tmp/runc", before, runc)]).toEqual([name, false]);
      }
      expect(isRuntimeStep([own, "init"], own, "/usr/bin/runc", before, runc)).toBe(false);
      expect(isRuntimeStep(argv, "/proc/77/fd/5", "/memfd:runc_cloned:x (deleted)", before, runc)).toBe(false);
    }
  });

  it("knows the runtime by each name that it has for itself [linux-audit runtime steps]", () => {
    for (const name of ["/proc/self/exe", "/proc/self/fd/7"]) {
      expect(isRuntimeStep(argv, name, "/memfd:runc_cloned:/proc/self/exe (deleted)", undefined, runc)).toBe(true);
      // runc 1.2: its file on a mount of its own.
      expect(isRuntimeStep(argv, name, "/runc", undefined, runc)).toBe(true);
    }
    // Executed by its descriptor: nobody tells a name.
    expect(isRuntimeStep(argv, "", "/memfd:runc_cloned:/proc/self/exe (deleted)", stage, runc)).toBe(true);
  });

  it("is nothing that a process inside a container starts", () => {
    expect(isRuntimeStep(argv, own, "/usr/bin/runc", undefined, { ...runc, containerId: "1".repeat(64) })).toBe(false);
  });

  it("is nothing that is unclear", () => {
    expect(isRuntimeStep(argv, own, "/usr/bin/runc", undefined, undefined)).toBe(false);
    expect(isRuntimeStep(argv, own, "/usr/bin/runc", undefined, { ...runc, execId: "" })).toBe(false);
    expect(isRuntimeStep(argv, own, "/usr/bin/runc", undefined, { ...runc, binary: "/bin/bash" })).toBe(false);
    expect(isRuntimeStep(["runc", "init", "x"], own, "/usr/bin/runc", undefined, runc)).toBe(false);
    expect(isRuntimeStep(argv, own, "/bin/init", undefined, runc)).toBe(false);
  });
});

describe("isRuntimeCall", () => {
  it("is the runtime's only while the process has its file: a missed execution hides nothing [linux-audit runtime calls]", () => {
    expect(isRuntimeCall({ isRuntimeStage: true }, "/usr/bin/crun")).toBe(true);
    expect(isRuntimeCall({ isRuntimeStage: true }, "/memfd:runc_cloned:/proc/self/exe (deleted)")).toBe(true);
    expect(isRuntimeCall({ isRuntimeStage: true }, "/bin/unshare")).toBe(false);
    expect(isRuntimeCall({ isRuntimeStage: false }, "/usr/bin/runc")).toBe(false);
  });
});
