import { describe, expect, it } from "vitest";

import { profileStatus } from "./profile-status.ts";

describe("profileStatus", () => {
  it("reads the annotations", () => {
    const annotations = { "kubescape.io/status": "completed", "kubescape.io/completion": "partial" };
    expect(profileStatus({ metadata: { name: "a", namespace: "b", annotations } })).toEqual({
      status: "completed",
      completion: "partial",
    });
  });

  it("takes a too-large profile for final only while its content was completed [profile status]", () => {
    const statusOf = (keptStatus: string | undefined) => {
      const kept = keptStatus === undefined ? undefined : { "kinglet.dev/kept-status": keptStatus };
      const annotations = { "kubescape.io/status": "too-large", "kubescape.io/completion": "partial", ...kept };
      return profileStatus({ metadata: { name: "a", namespace: "b", annotations } }).status;
    };
    expect([undefined, "completed", "ready", ""].map(statusOf)).toEqual([
      "too-large",
      "too-large",
      "incomplete",
      "incomplete",
    ]);
  });

  it("is empty where the object says nothing or something unknown", () => {
    expect(profileStatus({ metadata: { name: "a", namespace: "b" } })).toEqual({ status: "", completion: "" });
    const annotations = { "kubescape.io/status": "done", "kubescape.io/completion": "Full" };
    expect(profileStatus({ metadata: { name: "a", namespace: "b", annotations } })).toEqual({
      status: "",
      completion: "",
    });
  });
});
