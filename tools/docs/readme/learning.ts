import { ExecEvent, type ContainerIdentity } from "@kinglet/enrichment";
import type { ContainerProfile } from "@kinglet/profile";
import { container } from "./detection.ts";

export const store = {
  update(
    _namespace: string,
    _name: string,
    merge: (current: ContainerProfile | undefined) => ContainerProfile | undefined,
  ): Promise<{ outcome: "written" | "skipped" }> {
    return Promise.resolve({ outcome: merge(undefined) === undefined ? "skipped" : "written" });
  },
};
export const source = { acknowledge: (_sequence: number): void => {} };
export const event: ExecEvent = new ExecEvent({ sequence: 1, binary: "/bin/sh" });
export const fromMs = 0;
export const startedAtMs = 0;
export const profileName = "pod-web-1-web";
export const identity: ContainerIdentity = container;
