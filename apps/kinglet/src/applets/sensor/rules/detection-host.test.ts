import { describe, expect, it } from "vitest";
import type { PodDetails } from "../pods/pod-details.ts";
import { createDetectionHost } from "./detection-host.ts";

const pod: PodDetails = {
  metadata: { name: "web-1", namespace: "shop", uid: "uid-1" },
  spec: {
    containers: [
      {
        name: "web",
        command: ["/entrypoint"],
        lifecycle: { preStop: { exec: { command: ["/bin/drain", "now"] } } },
      },
    ],
  },
} as unknown as PodDetails;

function hostOf(known: PodDetails | undefined): ReturnType<typeof createDetectionHost> {
  return createDetectionHost({ podOf: () => known, apiServerAddresses: [], procRoot: "/nonexistent" });
}

describe("createDetectionHost", () => {
  it("tells the commands of a container, and whether somebody deleted its pod [rules X-4]", () => {
    const commands = { command: ["/entrypoint"], postStart: [], preStop: ["/bin/drain", "now"] };
    expect(hostOf(pod).commandsOf("shop", "web-1", "web")).toEqual({ ...commands, isPodEnding: false });
    const deleted = { ...pod, metadata: { ...pod.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } };
    expect(hostOf(deleted).commandsOf("shop", "web-1", "web")).toEqual({ ...commands, isPodEnding: true });
  });

  it("puts a container's arguments behind its command, and tells none that go to a program of the image [rules X-1]", () => {
    const withContainer = (container: object): PodDetails => ({
      ...pod,
      spec: { containers: [{ name: "web", ...container }] },
    });
    const commandOf = (container: object): unknown =>
      hostOf(withContainer(container)).commandsOf("shop", "web-1", "web")?.command;
    expect(commandOf({ command: ["/bin/serve", "-v"], args: ["--port", "80"] })).toEqual([
      "/bin/serve",
      "-v",
      "--port",
      "80",
    ]);
    expect(commandOf({ args: ["/bin/sh", "-c", "id"] })).toEqual([]);
  });

  it("tells where volumes are mounted, however that was written [rules H-1]", () => {
    const written = ["/data", "/srv/", "/vol//sub", "/vol2/x/..", "relative/./x", "/"];
    const container = { name: "web", volumeMounts: written.map((mountPath) => ({ name: "v", mountPath })) };
    const mountPathsOf = (one: object): unknown =>
      hostOf({ ...pod, spec: { containers: [one] } } as PodDetails).mountPathsOf("shop", "web-1", "web");
    expect(mountPathsOf(container)).toEqual(["/data", "/srv", "/vol/sub", "/vol2", "/relative/x", "/"]);
    expect(mountPathsOf({ name: "web" })).toEqual([]);
    expect(mountPathsOf({ name: "other" })).toBeUndefined();
  });

  it("tells nothing of a pod or container that is not known [rules X-4]", () => {
    expect(hostOf(undefined).commandsOf("shop", "web-1", "web")).toBeUndefined();
    expect(hostOf(pod).commandsOf("shop", "web-1", "other")).toBeUndefined();
  });
});
