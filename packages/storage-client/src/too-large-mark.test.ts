import { parseContainerProfile, profileStatus, unobservedSurfaces } from "@kinglet/profile";
import { describe, expect, it } from "vitest";
import { markTooLarge } from "./too-large-mark.ts";

const profileOf = (observed: string, spec: unknown) =>
  parseContainerProfile({
    metadata: {
      name: "web",
      namespace: "shop",
      annotations: { "kubescape.io/status": "completed", "kinglet.dev/observed-surfaces": observed },
    },
    spec,
  });

describe("markTooLarge", () => {
  it("says of what was kept alone which surfaces were looked at: an empty list is not to count for what was refused", () => {
    const kept = profileOf("execs", { execs: [{ path: "/bin/a" }] });
    const refused = profileOf("execs,opens", { execs: [{ path: "/bin/a" }], opens: [{ path: "/b" }] });
    const marked = markTooLarge(refused, kept);
    expect(profileStatus(marked).status).toBe("too-large");
    expect(unobservedSurfaces(marked)).toContain("opens");
    expect(marked.spec.opens).toEqual([]);
  });
});
