import { describe, expect, it } from "vitest";
import { recordedExecutions } from "./recorded-executions.ts";

const web = { name: "web", id: "ab".repeat(32) };

function exec(process: Record<string, unknown>): string {
  return JSON.stringify({
    process_exec: { process: { exec_id: "x", binary: "/bin/sh", flags: "execve clone", ...process } },
  });
}

describe("recordedExecutions", () => {
  const docker = web.id.slice(0, 31);

  it("finds the executions of containers by the part of the id that is reported", () => {
    const lines = [
      exec({ docker, arguments: "-c id" }),
      exec({}),
      exec({ docker: "0".repeat(31) }),
      '{"process_exit":{}}',
    ];
    const found = recordedExecutions(lines, [web]);
    expect(found.total).toBe(3);
    expect(found.ofContainers).toEqual([{ line: 0, container: web, binary: "/bin/sh", args: "-c id", execId: "x" }]);
  });

  it("leaves aside what ran before and the runtime's own last step, not a program of the same name", () => {
    const lines = [
      exec({ docker, flags: "procFS rootcwd" }),
      exec({ docker, binary: "/dev/fd/6", arguments: "init", flags: "execve", in_init_tree: false }),
      exec({ docker, binary: "/dev/fd/6", arguments: "init", in_init_tree: true }),
      exec({ docker, binary: "/proc/self/exe", arguments: "wget" }),
    ];
    expect(recordedExecutions(lines, [web]).ofContainers.map(({ line }) => line)).toEqual([2, 3]);
  });
});
