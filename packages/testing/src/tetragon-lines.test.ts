import { describe, expect, it } from "vitest";
import { containerIdOf } from "./container-id.ts";
import { execLine, exitLine } from "./tetragon-lines.ts";

describe("execLine", () => {
  it("carries 31 digits of the container id, and links the process to its parent", () => {
    const containerId = containerIdOf("a");
    const event = JSON.parse(
      execLine({ binary: "/bin/sh", args: "-c ls", containerId, parent: { binary: "/bin/init", pid: 1 } }),
    );
    expect(event.process_exec.process).toMatchObject({
      binary: "/bin/sh",
      arguments: "-c ls",
      docker: containerId.slice(0, 31),
      parent_exec_id: event.process_exec.parent.exec_id,
    });
    expect(Object.keys(event)).toEqual(["process_exec", "node_name", "time"]);
  });

  it("has pod fields only when asked, and no container fields for a process of the host", () => {
    const host = JSON.parse(execLine({ binary: "/bin/ls" })).process_exec.process;
    expect([host.pod, host.docker, host.arguments]).toEqual([undefined, undefined, undefined]);
    const pod = { namespace: "shop", name: "web-1", uid: "u", containerName: "app", containerId: containerIdOf("a") };
    expect(JSON.parse(execLine({ binary: "/bin/ls", pod })).process_exec.process.pod).toMatchObject({
      namespace: "shop",
      uid: "u",
      container: { id: `containerd://${containerIdOf("a")}`, name: "app" },
    });
  });
});

describe("exitLine", () => {
  it("leaves a status of 0 out", () => {
    expect(JSON.parse(exitLine({ binary: "/bin/ls" })).process_exit.status).toBeUndefined();
    expect(JSON.parse(exitLine({ binary: "/bin/ls", status: 2, signal: "SIGTERM" })).process_exit).toMatchObject({
      status: 2,
      signal: "SIGTERM",
    });
  });
});
