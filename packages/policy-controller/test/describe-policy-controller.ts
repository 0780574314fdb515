import { createKubeClient, namespaces, type KubeClient, type ResourceDefinition } from "@kinglet/kube-client";
import { decodeBundle, readBundleIndex } from "@kinglet/policy-engine/bundle";
import { installCrds, type ClusterFixture } from "@kinglet/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runPolicyController } from "../src/run-policy-controller.ts";
import { configMaps, ruleResources, securityPolicies } from "../src/resources/controlled-resource.ts";

/** A policy or rule as it is read back. */
interface Stored {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly uid: string;
    readonly finalizers?: readonly string[];
  };
  readonly spec: { readonly policyName?: string };
  readonly status?: {
    readonly policyId?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason: string;
      readonly message: string;
    }[];
  };
}

const timeout = 20_000;

/** The name in an argument that is a name or an object. */
function nameOf(what: unknown): string {
  return typeof what === "string" ? what : (what as Stored & { metadata: { name: string } }).metadata.name;
}

/** What the controller does with policies and rules at an API server. */
export function describePolicyController(title: string, open: () => Promise<ClusterFixture>): void {
  describe(title, () => {
    let cluster: ClusterFixture;
    let client: KubeClient;
    let count = 0;
    let namespace = "";
    let stop: () => Promise<void>;
    let writes: string[] = [];

    beforeAll(async () => {
      cluster = await open();
      await installCrds(cluster);
      const { server, caPem, adminToken: token } = cluster;
      client = createKubeClient({ server, caPem, token, origin: "test" });
    }, 60_000);

    afterAll(async () => {
      await client?.[Symbol.asyncDispose]();
      await cluster?.[Symbol.asyncDispose]();
    });

    beforeEach(async () => {
      count += 1;
      namespace = `policies-${String(count)}`;
      await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
      stop = start();
    });

    afterEach(() => stop());

    /** Runs a controller; notes what it asks the server to write. */
    function start(): () => Promise<void> {
      const ending = new AbortController();
      const noted: string[] = [];
      writes = noted;
      const counted = new Proxy(client, {
        get(target, key: keyof KubeClient) {
          const value = target[key];
          if (typeof value !== "function") return value;
          if (["create", "replace", "patch", "delete"].includes(String(key))) {
            return (...args: never[]) => {
              const [{ plural }, what] = args as unknown as [ResourceDefinition, unknown];
              noted.push(`${String(key)} ${plural} ${nameOf(what)}`);
              return (value as (...args: never[]) => unknown).apply(target, args);
            };
          }
          return value.bind(target);
        },
      });
      const run = runPolicyController({ client: counted, namespace }, { signal: ending.signal });
      return async () => {
        ending.abort();
        await run;
      };
    }

    const policy = (name: string, spec: object = {}) => ({
      apiVersion: "config.stackrox.io/v1alpha1",
      kind: "SecurityPolicy",
      metadata: { name, namespace },
      spec: {
        policyName: `Policy ${name}`,
        categories: ["Kinglet"],
        lifecycleStages: ["DEPLOY"],
        severity: "HIGH_SEVERITY",
        policySections: [{ policyGroups: [{ fieldName: "Privileged Container", values: [{ value: "true" }] }] }],
        ...spec,
      },
    });
    const create = (name: string, spec?: object) => client.create<Stored>(securityPolicies, policy(name, spec));
    const read = (name: string, resource: ResourceDefinition = securityPolicies) =>
      client.get<Stored>(resource, name, { namespace });
    const condition = async (name: string, type: string, resource?: ResourceDefinition): Promise<string> => {
      const { status } = await read(name, resource);
      const found = status?.conditions?.find((one) => one.type === type);
      return found === undefined ? "none" : `${found.status} ${found.reason}: ${found.message}`;
    };
    const published = async (): Promise<readonly string[]> => {
      const map = await client
        .get<{ data: Record<string, string>; binaryData: Record<string, string> }>(configMaps, "kinglet-policies", {
          namespace,
        })
        .catch(() => undefined);
      if (map === undefined) return ["no bundle"];
      const pieces = [Buffer.from(map.binaryData["bundle.0"] ?? "", "base64")];
      const { policies, rules } = await decodeBundle(readBundleIndex(map.data), pieces);
      const names = [...policies, ...rules].map(({ metadata, spec }) => {
        const { policyName } = spec as { policyName?: string };
        return `${metadata.name}${policyName === undefined ? "" : `=${policyName}`}`;
      });
      return names;
    };
    const becomes = <T>(what: () => Promise<T>, wanted: unknown) => expect.poll(what, { timeout }).toEqual(wanted);

    it("publishes a valid policy and says so in the three conditions, with the id and the finalizer", async () => {
      const { metadata } = await create("one");
      await becomes(published, ["one=Policy one"]);
      await becomes(() => condition("one", "AcceptedByCentral"), "True Published: it is part of the policy bundle");
      expect(await condition("one", "PolicyValidated")).toBe("True Valid: ");
      expect(await condition("one", "CentralDataFresh")).toMatch(/^True NoCentral: /);
      const stored = await read("one");
      expect(stored.status?.policyId).toBe(metadata.uid);
      expect(stored.metadata.finalizers).toEqual(["securitypolicies.config.stackrox.io/finalizer"]);
    });

    it("publishes an empty bundle when there is no policy, so that its readers need not wait", async () => {
      await becomes(published, []);
    });

    it("writes nothing in steady state, also when a new controller takes over", async () => {
      for (const name of ["one", "two", "three"]) await create(name);
      await becomes(
        async () => Promise.all(["one", "two", "three"].map((name) => condition(name, "AcceptedByCentral"))),
        [...Array.from({ length: 3 }, () => "True Published: it is part of the policy bundle")],
      );
      const versions = async () =>
        Promise.all(["one", "two", "three"].map(async (name) => (await read(name)).metadata.resourceVersion));
      const before = await versions();
      await stop();
      stop = start();
      await client.patch(
        securityPolicies,
        "two",
        { metadata: { labels: { team: "shop" } } },
        { type: "merge", namespace },
      );
      await create("four");
      await becomes(() => condition("four", "AcceptedByCentral"), "True Published: it is part of the policy bundle");
      const after = await versions();
      expect([after[0], after[2]]).toEqual([before[0], before[2]]);
      // The finalizer, the bundle and the status of the new one.
      expect(writes.toSorted()).toEqual([
        "patch securitypolicies four",
        "patch securitypolicies four",
        "replace configmaps kinglet-policies",
      ]);
    });

    it("says everything that is wrong with a policy and does not publish it", async () => {
      await create("broken", {
        severity: "HIGH_SEVERITY",
        policySections: [{ policyGroups: [{ fieldName: "Privileged Kontainer", values: [{ value: "maybe" }] }] }],
        lifecycleStages: ["RUNTIME"],
      });
      await becomes(
        () => condition("broken", "PolicyValidated"),
        expect.stringMatching(/^False Invalid: .*Privileged Kontainer/),
      );
      expect(await condition("broken", "AcceptedByCentral")).toBe("False NotValid: nothing of it is in force");
      await becomes(published, []);
    });

    it("keeps the last valid content of a policy in force when an edit breaks it, also across a restart", async () => {
      await create("one");
      await becomes(published, ["one=Policy one"]);
      const broken = { spec: { policyName: "Policy one, edited", policySections: [{ policyGroups: [] }] } };
      await client.patch(securityPolicies, "one", broken, { type: "merge", namespace });
      await becomes(
        () => condition("one", "AcceptedByCentral"),
        "False NotValid: its last valid content stays in force",
      );
      expect(await published()).toEqual(["one=Policy one"]);
      await stop();
      stop = start();
      await create("two");
      await becomes(published, ["one=Policy one", "two=Policy two"]);
    });

    it("[policy-controller rename] puts a renamed policy in the place of the old one, and gives the old name free", async () => {
      await create("one");
      await becomes(published, ["one=Policy one"]);
      await create("two", { policyName: "Policy one" });
      await becomes(
        () => condition("two", "PolicyValidated"),
        `False NameTaken: the name "Policy one" is taken by ${namespace}/one`,
      );
      await client.patch(securityPolicies, "one", { spec: { policyName: "Renamed" } }, { type: "merge", namespace });
      await becomes(published, ["one=Renamed", "two=Policy one"]);
      await becomes(() => condition("two", "AcceptedByCentral"), "True Published: it is part of the policy bundle");
    });

    it("lets a deleted policy go when the bundle without it is published", async () => {
      await create("one");
      await create("two");
      await becomes(published, ["one=Policy one", "two=Policy two"]);
      await client.delete(securityPolicies, "one", { namespace });
      await becomes(
        () =>
          read("one").then(
            () => "there",
            () => "gone",
          ),
        "gone",
      );
      expect(await published()).toEqual(["two=Policy two"]);
    });

    it("lets go of a policy that was deleted while no controller ran", async () => {
      await create("one");
      await becomes(published, ["one=Policy one"]);
      await stop();
      await client.delete(securityPolicies, "one", { namespace });
      stop = start();
      await becomes(
        () =>
          read("one").then(
            () => "there",
            () => "gone",
          ),
        "gone",
      );
      expect(await published()).toEqual([]);
    });

    it("repairs a bundle that somebody deleted or edited", async () => {
      await create("one");
      await becomes(published, ["one=Policy one"]);
      await client.delete(configMaps, "kinglet-policies", { namespace });
      await becomes(published, ["one=Policy one"]);
      await client.patch(configMaps, "kinglet-policies", { data: { policies: "7" } }, { type: "merge", namespace });
      await becomes(() => published().catch(() => "broken"), ["one=Policy one"]);
    });

    it("judges rules by the types of their expressions", async () => {
      const rules = (name: string, expression: string) => ({
        apiVersion: "kubescape.io/v1",
        kind: "Rules",
        metadata: { name, namespace },
        spec: {
          rules: [
            {
              enabled: true,
              id: "R0001",
              name: "Unexpected process",
              expressions: {
                message: "'unexpected ' + event.comm",
                uniqueId: "event.comm",
                ruleExpression: [{ eventType: "exec", expression }],
              },
            },
          ],
        },
      });
      const good = rules("good", "!ap.was_executed(event.containerId, event.exepath)");
      await client.create(ruleResources, good);
      await client.create(ruleResources, rules("bad", "ap.was_executed(event.pid)"));
      await becomes(
        () => condition("bad", "PolicyValidated", ruleResources),
        expect.stringMatching(/^False Invalid: rule R0001: expressions\.ruleExpression\[0\]\.expression: /),
      );
      await becomes(
        () => condition("good", "AcceptedByCentral", ruleResources),
        "True Published: it is part of the policy bundle",
      );
      expect(await published()).toEqual(["good"]);
      for (const name of ["good", "bad"]) await client.delete(ruleResources, name, { namespace });
      await becomes(published, []);
    });
  });
}
