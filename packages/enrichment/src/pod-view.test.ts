import { describe, expect, it } from "vitest";
import { POD_PROJECTION_PATHS, type PodView } from "./pod-view.ts";

describe("POD_PROJECTION_PATHS", () => {
  it("names every field of a PodView and no other", () => {
    const container = { name: "", image: "" };
    const status = { name: "", containerID: "", imageID: "", lastState: { terminated: { containerID: "" } } };
    const full: Required<{ [Part in keyof PodView]: Required<NonNullable<PodView[Part]>> }> = {
      metadata: {
        name: "",
        namespace: "",
        uid: "",
        resourceVersion: "",
        labels: {},
        ownerReferences: [{ apiVersion: "", kind: "", name: "", controller: true }],
        deletionTimestamp: "",
      },
      spec: { nodeName: "", containers: [container], initContainers: [container], ephemeralContainers: [container] },
      status: {
        phase: "",
        containerStatuses: [status],
        initContainerStatuses: [status],
        ephemeralContainerStatuses: [status],
      },
    };
    expect(pathsOf(full, "").toSorted()).toEqual([...POD_PROJECTION_PATHS].toSorted());
  });
});

function pathsOf(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return pathsOf(value[0], `${path}[]`);
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) return [path];
  return Object.entries(value).flatMap(([name, inner]) => pathsOf(inner, path === "" ? name : `${path}.${name}`));
}
