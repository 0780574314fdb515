import { describe, expect, it } from "vitest";

import { alternateName } from "./alternate-name.ts";

describe("alternateName", () => {
  const labels = { "controller-revision-hash": "web-6d5f" };

  it("appends the revision to a DaemonSet's name [profile alternate names]", () => {
    expect(alternateName("DaemonSet", "fluentd", { "controller-revision-hash": "5d8f7c" })).toBe("fluentd-5d8f7c");
  });

  it("is the revision alone for a StatefulSet [profile alternate names]", () => {
    expect(alternateName("StatefulSet", "web", labels)).toBe("web-6d5f");
  });

  it("is not used for other owners or without the label", () => {
    expect(alternateName("ReplicaSet", "web", labels)).toBeUndefined();
    expect(alternateName("DaemonSet", "web", {})).toBeUndefined();
    expect(alternateName("DaemonSet", "web", undefined)).toBeUndefined();
  });
});
