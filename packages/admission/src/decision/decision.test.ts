import { ManualClock } from "@kinglet/lifecycle";
import { noopMetrics } from "@kinglet/metrics";
import type { BundleObject } from "@kinglet/policy-engine/bundle";
import { describe, expect, it } from "vitest";
import { openDecider } from "../../test/open-webhook.ts";
import { memoryLimit, noExec, noPrivileged, securityPolicy } from "../../test/security-policy.ts";
import { ImageMetadataCache } from "../images/image-metadata-cache.ts";
import type { ImageMetadataSource } from "../images/image-metadata-source.ts";
import type { AdmissionRequest, Review, Webhook } from "../review/admission-request.ts";
import type { Answer } from "../review/answer.ts";
import { Deadline } from "../timing/deadline.ts";
import type { DecisionEnvironment } from "./decision-environment.ts";
import type { Decision } from "./decision.ts";
import { exemptNamespaces } from "./exempt-namespaces.ts";

function template(image = "registry.example/app:1", privileged = false): object {
  return { spec: { containers: [{ name: "app", image, ...(privileged ? { securityContext: { privileged } } : {}) }] } };
}

function deployment(
  options: { readonly privileged?: boolean; readonly image?: string; readonly metadata?: object } = {},
): object {
  const { privileged = false, image, metadata = {} } = options;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "shop", ...metadata },
    spec: { replicas: 1, template: template(image, privileged) },
  };
}

function request(fields: Partial<AdmissionRequest> = {}): Review {
  return {
    apiVersion: "admission.k8s.io/v1",
    request: {
      uid: "u",
      group: "apps",
      version: "v1",
      kind: "Deployment",
      resource: "deployments",
      subResource: "",
      name: "web",
      namespace: "shop",
      operation: "CREATE",
      user: "ann",
      groups: [],
      isDryRun: false,
      object: deployment({ privileged: true }),
      oldObject: undefined,
      ...fields,
    },
  };
}

function connection(subResource: string, object: object): Review {
  return request({
    operation: "CONNECT",
    group: "",
    kind: "PodExecOptions",
    resource: "pods",
    subResource,
    name: "web-1",
    object,
  });
}

const replicaSet = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "x", uid: "u1", controller: true };

/** An update of something that another workload made, which leaves its specification alone. */
function dependent(owner: Partial<typeof replicaSet> = {}): {
  readonly operation: string;
  readonly object: object;
  readonly oldObject: object;
} {
  const of = (labels: object): object =>
    deployment({ privileged: true, metadata: { labels, ownerReferences: [{ ...replicaSet, ...owner }] } });
  return { operation: "UPDATE", object: of({ mesh: "yes" }), oldObject: of({}) };
}

async function decide(
  policies: readonly BundleObject[],
  review: Review,
  environment: Partial<Omit<DecisionEnvironment, "onTimeout">> = {},
  options: {
    readonly webhook?: Webhook;
    readonly clock?: ManualClock;
    readonly leftMs?: number;
    readonly onTimeout?: "allow" | "deny";
    readonly onDecision?: (decision: Decision) => void;
  } = {},
): Promise<Answer> {
  const { clock = new ManualClock(), webhook = review.request.operation === "CONNECT" ? "events" : "validate" } =
    options;
  const { decider } = await openDecider(policies, environment, { clock, ...options });
  using deadline = new Deadline(clock.monotonicMs() + (options.leftMs ?? 5000), clock);
  return decider.decide(webhook, review, deadline);
}

describe("AdmissionDecider", () => {
  it("denies what an enforced policy says, in all the forms in which policies say so", async () => {
    const privileged = [{ fieldName: "Privileged Container", values: ["true"] }];
    const outcomes = async (actions: readonly string[], operation: string): Promise<string> =>
      (await decide([securityPolicy("p", privileged, { actions })], request({ operation }))).outcome;
    expect(await outcomes(["FAIL_DEPLOYMENT_CREATE_ENFORCEMENT"], "CREATE")).toBe("denied");
    expect(await outcomes(["FAIL_DEPLOYMENT_CREATE_ENFORCEMENT"], "UPDATE")).toBe("allowed");
    expect(await outcomes(["FAIL_DEPLOYMENT_UPDATE_ENFORCEMENT"], "UPDATE")).toBe("denied");
    expect(await outcomes(["SCALE_TO_ZERO_ENFORCEMENT"], "CREATE")).toBe("denied");
    expect(await outcomes(["UNSATISFIABLE_NODE_CONSTRAINT_ENFORCEMENT"], "UPDATE")).toBe("denied");
    expect(await outcomes([], "CREATE")).toBe("allowed");
    expect(
      (
        await decide(
          [securityPolicy("p", privileged, { mode: "audit", actions: ["SCALE_TO_ZERO_ENFORCEMENT"] })],
          request(),
        )
      ).outcome,
    ).toBe("allowed");
    expect((await decide([securityPolicy("p", privileged)], request(), { defaultMode: "warn" })).outcome).toBe(
      "warned",
    );
  });

  it.each([
    ["operation", { operation: "DELETE" }],
    ["namespace", { namespace: "kube-system" }],
    ["namespace", { namespace: "kinglet" }],
    ["namespace", { namespace: "openshift-monitoring" }],
    ["kind", { resource: "configmaps", kind: "ConfigMap" }],
    ["sub-resource", { resource: "pods", subResource: "ephemeralcontainers" }],
    ["sub-resource", { resource: "pods", subResource: "eviction" }],
    ["system-user", { user: "system:kube-scheduler" }],
    ["system-service-account", { user: "system:serviceaccount:kube-system:replicaset-controller" }],
    ["node", { groups: ["system:nodes"] }],
    ["owned", dependent()],
    [
      "break-glass",
      { object: deployment({ privileged: true, metadata: { annotations: { "kinglet.dev/break-glass": "" } } }) },
    ],
    [
      "break-glass",
      {
        object: deployment({
          privileged: true,
          metadata: { annotations: { "admission.stackrox.io/break-glass": "x" } },
        }),
      },
    ],
  ] as const)("lets through without evaluation: %s", async (reason, fields) => {
    expect(await decide([noPrivileged], request(fields))).toMatchObject({ allowed: true, outcome: "bypassed", reason });
  });

  it.each([
    { namespace: "openshift-operators" },
    { namespace: "shop-kube" },
    { user: "system:serviceaccount:shop:deployer" },
    { user: "system:serviceaccount" },
    // Written by whoever sends it; what the cluster's controllers make is known by who asks.
    { object: dependent().object },
    { ...dependent(), oldObject: deployment({ privileged: true }) },
    { ...dependent(), oldObject: dependent({ uid: "u2" }).object },
    { ...dependent(), oldObject: deployment({ metadata: { ownerReferences: [replicaSet] } }) },
    { ...dependent({ uid: "" }) },
    { ...dependent({ apiVersion: "shop.example/v1" }) },
    { ...dependent({ kind: "Shop" }) },
    { ...dependent({ controller: false }) },
    { ...dependent(), subResource: "scale" },
  ])("evaluates what only looks like a bypass: %j", async (fields) => {
    const workloads = { stored: async () => deployment({ privileged: true }), behindPod: async () => undefined };
    expect((await decide([noPrivileged], request(fields), { workloads })).outcome).toBe("denied");
  });

  it("ignores the break-glass annotation where it is not permitted, and does not advertise it", async () => {
    const bypass = {
      exempt: exemptNamespaces(undefined, []),
      operations: new Set(["CREATE"]),
      allowsBreakGlass: false,
    };
    const object = deployment({ privileged: true, metadata: { annotations: { "kinglet.dev/break-glass": "x" } } });
    const answer = await decide([noPrivileged], request({ object }), { bypass });
    expect(answer.outcome).toBe("denied");
    expect(answer.message).not.toContain("break-glass");
  });

  it("cannot be configured to deny in its own or the system's namespaces [admission A-5]", async () => {
    const exempt = exemptNamespaces("own", ["!own", "!kube-system", "!*"]);
    const bypass = { exempt, operations: new Set(["CREATE"]), allowsBreakGlass: false };
    for (const namespace of ["own", "kube-system", "kube-public", "kube-node-lease"]) {
      expect((await decide([noPrivileged], request({ namespace }), { bypass })).allowed).toBe(true);
    }
  });

  it("judges a scale request by the stored workload with the new number", async () => {
    const replicas = securityPolicy("replicas", [{ fieldName: "Replicas", values: ["> 2"] }], { mode: "deny" });
    const scale = (count: number): Review =>
      request({ operation: "UPDATE", subResource: "scale", kind: "Scale", object: { spec: { replicas: count } } });
    const workloads = { stored: async () => deployment(), behindPod: async () => undefined };
    expect((await decide([replicas], scale(3), { workloads })).outcome).toBe("denied");
    expect((await decide([replicas], scale(2), { workloads })).outcome).toBe("allowed");
    expect(await decide([replicas], scale(3))).toMatchObject({ outcome: "bypassed", reason: "kind" });
  });

  it("tells nobody about dry runs, and tells about everything else that is violated", async () => {
    const told: Decision[] = [];
    const onDecision = (decision: Decision): void => void told.push(decision);
    await decide([noPrivileged, memoryLimit], request({ isDryRun: true }), {}, { onDecision });
    expect(told).toEqual([]);
    await decide([noPrivileged, memoryLimit], request(), {}, { onDecision });
    expect(told.map(({ findings }) => findings.map(({ mode }) => mode))).toEqual([["deny", "warn"]]);
  });

  describe("with policies that need images", () => {
    const old = securityPolicy("cve", [{ fieldName: "CVE", values: ["CVE-2026-1"] }], { mode: "deny" });
    const source = (fetch: ImageMetadataSource["fetch"]): ImageMetadataSource => ({ name: "test", fetch });
    const vulnerable = {
      metadata: {
        scan: {
          scanned: 0,
          operatingSystem: "",
          components: [
            {
              name: "lib",
              version: "1",
              vulnerabilities: [
                {
                  id: "CVE-2026-1",
                  cvss: 9,
                  nvdCvss: 9,
                  severity: "CRITICAL",
                  fixedBy: "",
                  firstSeenInImage: 0,
                  firstSeenInSystem: 0,
                  published: 0,
                  fixAvailable: undefined,
                  isSuppressed: false,
                },
              ],
            },
          ],
        },
      },
      bytes: 1000,
    } as const;
    const cache = (clock: ManualClock, fetch: ImageMetadataSource["fetch"]): ImageMetadataCache =>
      new ImageMetadataCache(source(fetch), { clock, metrics: noopMetrics, maxBytes: 100_000 });

    it("does not count them as passed without any: it says so in the message of another denial", async () => {
      const answer = await decide([noPrivileged, old], request());
      expect(answer.message).toContain("1 further policy could not be evaluated");
      expect((await decide([old], request({ object: deployment() }))).auditAnnotations).toEqual({
        "policies-not-evaluated": "1",
      });
    });

    it("asks for images only when the object alone is not refused, and refuses by what comes", async () => {
      const clock = new ManualClock();
      const asked: string[] = [];
      const images = cache(clock, async (reference) => {
        asked.push(reference);
        return vulnerable;
      });
      expect((await decide([noPrivileged, old], request(), { images }, { clock })).outcome).toBe("denied");
      expect(asked).toEqual([]);
      expect(
        (await decide([noPrivileged, old], request({ object: deployment() }), { images }, { clock })).outcome,
      ).toBe("denied");
      expect(asked).toEqual(["registry.example/app:1"]);
    });

    it("does not ask for images that an update leaves as they were, nor for policies that would only be recorded", async () => {
      const clock = new ManualClock();
      let asked = 0;
      const images = cache(clock, async () => {
        asked++;
        return vulnerable;
      });
      const update = request({ operation: "UPDATE", object: deployment(), oldObject: deployment() });
      expect((await decide([old], update, { images }, { clock })).outcome).toBe("allowed");
      const audit = securityPolicy("cve", [{ fieldName: "CVE", values: ["CVE-2026-1"] }], { mode: "audit" });
      expect((await decide([audit], request({ object: deployment() }), { images }, { clock })).outcome).toBe("allowed");
      expect(asked).toBe(0);
    });

    describe.each(["allow", "deny"] as const)("with the default %s", (onTimeout) => {
      const undecided = (why: string): object => ({
        allowed: onTimeout === "allow",
        outcome: "deadline",
        reason: why,
        warnings: [`Kinglet did not evaluate this request: ${why}.`],
        auditAnnotations: { "policies-not-evaluated": "1", undecided: why },
      });
      const create = request({ object: deployment() });

      it("waits until the deadline, and says then that images are missing", async () => {
        const clock = new ManualClock();
        const images = cache(clock, () => new Promise(() => {}));
        const answer = decide([old], create, { images }, { clock, onTimeout });
        await clock.advance(5000);
        expect(await answer).toMatchObject(undecided("what is known about its images did not come in time"));
      });

      it("does not ask for images without time for it, and says so", async () => {
        const clock = new ManualClock();
        const images = cache(clock, async () => vulnerable);
        expect(await decide([old], create, { images }, { clock, onTimeout, leftMs: 100 })).toMatchObject(
          undecided("there was no time to ask about its images"),
        );
      });

      it("says when images cannot be fetched, or too many are being fetched", async () => {
        const clock = new ManualClock();
        const why = undecided("what is known about its images could not be fetched");
        const broken = cache(clock, () => Promise.reject(new Error("no answer")));
        expect(await decide([old], create, { images: broken }, { clock, onTimeout })).toMatchObject(why);
        const options = { clock, metrics: noopMetrics, maxBytes: 100_000, maxFetches: 0 };
        const full = new ImageMetadataCache(
          source(async () => vulnerable),
          options,
        );
        expect(await decide([old], create, { images: full }, { clock, onTimeout })).toMatchObject(why);
      });

      it("decides as ever when the source does not know the image, or nobody provides any", async () => {
        const clock = new ManualClock();
        const images = cache(clock, async () => undefined);
        for (const environment of [{ images }, {}]) {
          expect(await decide([old], create, environment, { clock, onTimeout })).toMatchObject({ outcome: "allowed" });
        }
      });

      it("decides as ever when only policies lack images that would warn", async () => {
        const clock = new ManualClock();
        const images = cache(clock, () => Promise.reject(new Error("no answer")));
        const warning = securityPolicy("cve", [{ fieldName: "CVE", values: ["CVE-2026-1"] }], { mode: "warn" });
        expect(await decide([warning], create, { images }, { clock, onTimeout })).toMatchObject({ outcome: "allowed" });
      });

      it("says what of the cluster is not known yet", async () => {
        const exposure = securityPolicy("exposed", [{ fieldName: "Port Exposure Method", values: ["NODE"] }], {
          mode: "deny",
        });
        const coming = { surroundings: () => ({ services: () => undefined }), isFollowed: () => true };
        expect(await decide([exposure], create, coming, { onTimeout })).toMatchObject(
          undecided("the services of its namespace are not known yet"),
        );
        const without = { ...coming, isFollowed: () => false };
        expect(await decide([exposure], create, without, { onTimeout })).toMatchObject({ outcome: "allowed" });
      });

      it("says that the workload behind a pod is not to be found", async () => {
        const both = securityPolicy(
          "exec-into-privileged",
          [
            { fieldName: "Kubernetes Resource", values: ["PODS_EXEC"] },
            { fieldName: "Privileged Container", values: ["true"] },
          ],
          { actions: ["FAIL_KUBE_REQUEST_ENFORCEMENT"], runtime: true },
        );
        const exec = connection("exec", { container: "app", command: ["sh"] });
        expect(await decide([both], exec, {}, { onTimeout })).toMatchObject(
          undecided("the workload behind the pod was not found"),
        );
      });
    });

    it("asks for the images of what somebody opens a shell in", async () => {
      const clock = new ManualClock();
      const both = securityPolicy(
        "exec-into-vulnerable",
        [
          { fieldName: "Kubernetes Resource", values: ["PODS_EXEC"] },
          { fieldName: "CVE", values: ["CVE-2026-1"] },
        ],
        { actions: ["FAIL_KUBE_REQUEST_ENFORCEMENT"], runtime: true },
      );
      const images = cache(clock, async () => vulnerable);
      const workloads = { stored: async () => undefined, behindPod: async () => deployment() };
      const exec = connection("exec", { container: "app", command: ["sh"] });
      expect((await decide([both], exec, { images, workloads }, { clock })).outcome).toBe("denied");
    });
  });

  it("lets nobody be refused by a default who is let through", async () => {
    const { decider } = await openDecider([noPrivileged], {}, { onTimeout: "deny" });
    const head = request().request;
    expect(decider.isExempt("validate", head)).toBe(false);
    expect(decider.isExempt("validate", { ...head, groups: ["system:nodes"] })).toBe(true);
    expect(decider.isExempt("validate", { ...head, user: "system:serviceaccount:kube-system:x" })).toBe(true);
    const exec = connection("exec", {}).request;
    expect(decider.isExempt("events", exec)).toBe(false);
    expect(decider.isExempt("events", { ...exec, user: "system:serviceaccount:kube-system:x" })).toBe(false);
    expect(decider.isExempt("events", { ...exec, namespace: "kube-system" })).toBe(true);
  });

  describe("with exec, attach and port-forward", () => {
    const exec = connection("exec", { container: "app", command: ["sh"] });

    it("refuses by the event alone and asks for no workload", async () => {
      const workloads = {
        stored: async () => undefined,
        behindPod: async () => {
          throw new Error("asked");
        },
      };
      const answer = await decide([noExec], exec, { workloads });
      expect(answer).toMatchObject({ outcome: "denied" });
      expect(answer.message).not.toContain("break-glass");
      expect((await decide([noExec], connection("portforward", { ports: [80] }), { workloads })).outcome).toBe(
        "allowed",
      );
    });

    it("asks for the workload behind the pod when a policy is about it too", async () => {
      const both = securityPolicy(
        "exec-into-privileged",
        [
          { fieldName: "Kubernetes Resource", values: ["PODS_EXEC"] },
          { fieldName: "Privileged Container", values: ["true"] },
        ],
        { actions: ["FAIL_KUBE_REQUEST_ENFORCEMENT"], runtime: true },
      );
      const behind = (privileged: boolean) => ({
        stored: async () => undefined,
        behindPod: async () => deployment({ privileged }),
      });
      expect((await decide([both], exec, { workloads: behind(true) })).outcome).toBe("denied");
      expect((await decide([both], exec, { workloads: behind(false) })).outcome).toBe("allowed");
      expect((await decide([both], exec)).auditAnnotations).toMatchObject({ "policies-not-evaluated": "1" });
    });

    it("lets everything through in exempt namespaces", async () => {
      const { request: fields } = exec;
      expect((await decide([noExec], { ...exec, request: { ...fields, namespace: "kinglet" } })).reason).toBe(
        "namespace",
      );
    });
  });
});
