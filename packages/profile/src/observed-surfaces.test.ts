import { describe, expect, it } from "vitest";
import { observedSurfacesText, PROFILE_SURFACES, unobservedSurfaces } from "./observed-surfaces.ts";
import { parseContainerProfile } from "./parse-container-profile.ts";

const profileOf = (annotations: Record<string, string>) =>
  parseContainerProfile({ metadata: { name: "web", namespace: "shop", annotations } });
const status = { "kubescape.io/status": "completed" };

describe("unobservedSurfaces", () => {
  it("names what nobody looked at, words of later versions left out [profile observed]", () => {
    const text = "execs,ingressAddresses,later,opens";
    expect(unobservedSurfaces(profileOf({ ...status, "kinglet.dev/observed-surfaces": text }))).toEqual([
      "capabilities",
      "egressAddresses",
      "egressDomains",
      "endpoints",
      "ingressDomains",
      "syscalls",
    ]);
    expect(unobservedSurfaces(profileOf({ ...status, "kinglet.dev/observed-surfaces": "" }))).toHaveLength(9);
  });

  it("names nothing where the profile does not say, whoever made it [profile observed]", () => {
    expect(unobservedSurfaces(profileOf(status))).toEqual([]);
    expect(unobservedSurfaces(profileOf({}))).toEqual([]);
  });

  it("believes an authored profile that was made of a learned one [profile observed]", () => {
    expect(unobservedSurfaces(profileOf({ "kinglet.dev/observed-surfaces": "execs,opens" }))).toEqual(
      PROFILE_SURFACES.filter((surface) => surface !== "execs" && surface !== "opens"),
    );
  });
});

describe("observedSurfacesText", () => {
  it("is the same for the same surfaces in any order", () => {
    expect(observedSurfacesText(["opens", "execs", "opens"])).toBe("execs,opens");
    expect(observedSurfacesText([])).toBe("");
  });
});
