import { loadCelEngine } from "@kinglet/policy-engine";
import { parseContainerProfile, type ContainerProfile } from "@kinglet/profile";
import { defaultCollapseConfiguration, joinProfiles } from "@kinglet/profile/merging";
import { describe, expect, it } from "vitest";
import { createProfileFunctions } from "../src/profile-functions.ts";
import { profileViewOf } from "./profile-views.ts";

const report = (...endpoints: readonly object[]): ContainerProfile =>
  parseContainerProfile({ metadata: { name: "web", namespace: "shop" }, spec: { endpoints } });

const inbound = { internal: false, direction: "inbound" };

const merge = (...reports: readonly ContainerProfile[]): ContainerProfile =>
  reports.reduce((whole, next) => joinProfiles(whole, next, { collapse: defaultCollapseConfiguration }));

const headersOf = (profile: ContainerProfile): unknown =>
  profile.spec.endpoints.map(({ endpoint, methods, headers }) => ({ endpoint, methods, headers }));

/** No source here reports requests; profiles of other learners have endpoints, and rules may ask for them. */
describe("endpoints of a profile", () => {
  it("are one for all methods, with the values of all headers [component 11]", async () => {
    const profile = merge(
      report({ ...inbound, endpoint: ":80/", methods: ["GET"], headers: { Host: ["a.example"] } }),
      report({ ...inbound, endpoint: ":80/", methods: ["POST"], headers: { Host: ["b.example"], Accept: ["*/*"] } }),
    );
    expect(headersOf(profile)).toEqual([
      {
        endpoint: ":80/",
        methods: ["GET", "POST"],
        headers: { Accept: ["*/*"], Host: ["a.example", "b.example"] },
      },
    ]);
    const ask = await askOf(profile);
    expect(ask("was_endpoint_accessed_with_methods(event.containerId, ':80/', ['POST'])")).toBe(true);
    expect(ask("was_endpoint_accessed_with_method(event.containerId, ':80/', 'DELETE')")).toBe(false);
  });

  it("become a pattern with the hundred and first of a folder [component 11]", async () => {
    const users = Array.from({ length: 101 }, (_, at) =>
      report({ ...inbound, endpoint: `:80/users/${at}`, methods: ["GET"] }),
    );
    expect(merge(...users.slice(0, 100)).spec.endpoints).toHaveLength(100);
    const profile = merge(...users);
    expect(profile.spec.endpoints.map(({ endpoint }) => endpoint)).toEqual([":80/users/\u22ef"]);
    const ask = await askOf(profile);
    expect(ask("was_endpoint_accessed(event.containerId, ':80/users/7777')")).toBe(true);
    expect(ask("was_endpoint_accessed(event.containerId, ':80/users/7/orders')")).toBe(false);
    expect(ask("was_endpoint_accessed(event.containerId, ':80/groups/7')")).toBe(false);
  });
});

/** Asks as a rule does, through the view of a profile that detection works with. */
async function askOf(profile: ContainerProfile): Promise<(call: string) => unknown> {
  const { createCelEngine } = await loadCelEngine();
  const view = profileViewOf(profile);
  const functions = createProfileFunctions({ get: () => view }, { isExemptExec: () => false });
  const engine = createCelEngine({ functions });
  return (call) => engine.compile(`cp.${call}`, "bool").evaluate({ event: { containerId: "c1" }, eventType: "exec" });
}
