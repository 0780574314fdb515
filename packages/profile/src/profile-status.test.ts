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

  it("is empty where the object says nothing or something unknown", () => {
    expect(profileStatus({ metadata: { name: "a", namespace: "b" } })).toEqual({ status: "", completion: "" });
    const annotations = { "kubescape.io/status": "done", "kubescape.io/completion": "Full" };
    expect(profileStatus({ metadata: { name: "a", namespace: "b", annotations } })).toEqual({
      status: "",
      completion: "",
    });
  });
});
