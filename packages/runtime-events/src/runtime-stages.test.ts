import { describe, expect, it } from "vitest";
import { RuntimeStages } from "./runtime-stages.ts";

const docker = "a".repeat(31);
const stage = {
  exec_id: "stage",
  parent_exec_id: "start",
  pid: 10,
  binary: "/dev/fd/6",
  arguments: "init",
  flags: "execve",
  docker,
  ns: { mnt: { inum: 1, is_host: true } },
};
const outside = { pid: 10, binary: "/proc/self/exe", arguments: "init", flags: "execve clone" };
const first = { ...stage, exec_id: "first", parent_exec_id: "stage", pid: 11, flags: "clone" };
const second = { ...stage, exec_id: "second", parent_exec_id: "first", pid: 12, flags: "clone" };

describe("RuntimeStages", () => {
  it("takes what a step forks for the step, over generations, also when the one between was not heard of", () => {
    const stages = new RuntimeStages();
    expect(stages.has(stage, outside, false)).toBe(true);
    expect(stages.has(second, first, false)).toBe(true);
    expect(stages.has(first, stage, false)).toBe(true);
    const third = { ...second, exec_id: "third", parent_exec_id: "second" };
    expect(stages.has(third, second, false)).toBe(true);
  });

  it("takes nothing else for one: what is executed, what descends from another execution, what has another name", () => {
    const stages = new RuntimeStages();
    stages.has(stage, outside, false);
    expect(stages.has({ ...first, flags: "execve clone" }, stage, false)).toBe(false);
    expect(stages.has({ ...first, parent_exec_id: "other" }, stage, false)).toBe(false);
    expect(stages.has({ ...first, parent_exec_id: "other" }, { ...first, flags: "execve" }, false)).toBe(false);
    expect(stages.has({ ...first, arguments: "init 1" }, stage, false)).toBe(false);
    expect(new RuntimeStages().has(first, stage, false)).toBe(false);
  });

  it("forgets the oldest beyond 256", () => {
    const stages = new RuntimeStages();
    for (let at = 0; at <= 256; at++) stages.has({ ...stage, exec_id: `e${at}` }, outside, false);
    expect(stages.has({ ...first, parent_exec_id: "e0" }, stage, false)).toBe(false);
    expect(stages.has({ ...first, parent_exec_id: "e256" }, stage, false)).toBe(true);
  });
});
