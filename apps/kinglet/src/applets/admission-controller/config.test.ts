import { loadSettings } from "@kinglet/settings";
import { describe, expect, it } from "vitest";
import { admissionSettings, crossCheck } from "./config.ts";

async function load(...argv: readonly string[]) {
  return (await loadSettings(admissionSettings(), { argv, env: {} })).values;
}

describe("admissionSettings", () => {
  it("fails open, records only, and exempts the namespaces of the system unless told otherwise", async () => {
    expect(await load()).toMatchObject({
      onTimeout: "allow",
      eventsOnTimeout: "allow",
      defaultMode: "audit",
      bind: ":8443",
      exemptNamespaces: ["kube*", "openshift*", "redhat*", "istio-system", "stackrox", "!openshift-operators"],
      policyApi: true,
      stateDir: "/var/lib/kinglet",
    });
  });

  it("refuses values out of range, naming them", async () => {
    await expect(load("--review-timeout", "31s")).rejects.toMatchObject({ code: "KINGLET_ERR_SETTINGS_INVALID" });
    await expect(load("--default-mode", "block")).rejects.toMatchObject({ code: "KINGLET_ERR_SETTINGS_INVALID" });
  });
});

describe("crossCheck", () => {
  it("wants policies to come from somewhere, and a listener", async () => {
    expect(crossCheck(await load())).toEqual([]);
    expect(crossCheck(await load("--no-policy-api"))).toHaveLength(1);
    expect(crossCheck(await load("--no-policy-api", "--policy-dir", "/policies"))).toEqual([]);
    expect(crossCheck(await load("--bind", "off"))).toHaveLength(1);
  });
});
