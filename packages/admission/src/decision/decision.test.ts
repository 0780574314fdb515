import { ManualClock } from "@kinglet/lifecycle";
import { noopMetrics } from "@kinglet/metrics";
import { describe, expect, it } from "vitest";
import { connection, decide, dependent, deployment, replicaSet, request } from "../../test/decide-review.ts";
import { memoryLimit, noExec, noPrivileged, securityPolicy } from "../../test/security-policy.ts";
import { ImageMetadataCache } from "../images/image-metadata-cache.ts";
import type { FetchedImage } from "../images/image-metadata-source.ts";
import type { Review } from "../review/admission-request.ts";
import type { Decision } from "./decision.ts";
import { exemptNamespaces } from "./exempt-namespaces.ts";

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
    ["sub-resource", { resource: "pods", subResource: "ephemeralcontainers", operation: "CREATE" }],
    ["sub-resource", { resource: "deployments", subResource: "ephemeralcontainers", operation: "UPDATE" }],
    ["sub-resource", { resource: "pods", subResource: "eviction", operation: "UPDATE" }],
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

  describe("with ephemeral containers", () => {
    const debug = (name: string, privileged: boolean, more: object = {}): object => ({
      name,
      image: `${name}:1`,
      resources: {},
      securityContext: { privileged },
      ...more,
    });
    const podWith = (ephemeralContainers: readonly object[], metadata: object = {}): object => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "web-1", namespace: "shop", ...metadata },
      spec: {
        containers: [
          { name: "app", image: "app:1", securityContext: { privileged: true }, ports: [{ containerPort: 22 }] },
        ],
        initContainers: [{ name: "setup", image: "setup:1", securityContext: { privileged: true } }],
        ephemeralContainers,
      },
    });
    const adding = (
      before: readonly object[],
      after: readonly object[],
      fields: Partial<Review["request"]> = {},
    ): Review =>
      request({
        group: "",
        kind: "Pod",
        resource: "pods",
        subResource: "ephemeralcontainers",
        name: "web-1",
        operation: "UPDATE",
        object: podWith(after),
        oldObject: podWith(before),
        ...fields,
      });

    it("refuses those that violate, naming them [admission A-8]", async () => {
      const one = await decide([noPrivileged], adding([], [debug("dbg", true)]));
      expect(one).toMatchObject({ allowed: false, outcome: "denied" });
      expect(one.message).toContain('Kinglet refused the ephemeral container "dbg" of Pod web-1 in namespace shop: it');
      expect(one.message).toContain('* ephemeral container "dbg" is privileged');
      const two = await decide([noPrivileged], adding([], [debug("a", true), debug("b", false)]));
      expect(two.message).toContain('Kinglet refused the ephemeral containers "a", "b" of Pod web-1');
    });

    it("holds against nobody what the pod had before [admission A-8]", async () => {
      const port = securityPolicy("port", [{ fieldName: "Exposed Port", values: ["22"] }], { mode: "deny" });
      const old = debug("old", true);
      for (const review of [adding([], [debug("dbg", false)]), adding([old], [old, debug("dbg", false)])]) {
        expect((await decide([noPrivileged, port], review)).outcome).toBe("allowed");
      }
    });

    it("judges those that change, and all when the stored pod is not there [admission A-8]", async () => {
      const old = debug("dbg", false);
      expect((await decide([noPrivileged], adding([old], [debug("dbg", true)]))).outcome).toBe("denied");
      const all = adding([], [debug("dbg", true)], { oldObject: undefined });
      expect((await decide([noPrivileged], all)).outcome).toBe("denied");
    });

    it("allows what adds none, whatever policies say about the pod [admission A-8]", async () => {
      const every = securityPolicy("every", [{ fieldName: "Namespace", values: ["shop"] }], { mode: "deny" });
      const old = debug("old", true);
      expect((await decide([noPrivileged, every], adding([old], [old]))).outcome).toBe("allowed");
      expect((await decide([noPrivileged, every], adding([old], []))).outcome).toBe("allowed");
      expect((await decide([every], adding([], [debug("dbg", false)]))).outcome).toBe("denied");
    });

    it("asks for no limits, requests and probes, which they cannot have [admission A-8]", async () => {
      const strict = ["Container Memory Limit", "Container CPU Limit", "Container CPU Request"].map((fieldName) =>
        securityPolicy(fieldName.toLowerCase().replaceAll(" ", "-"), [{ fieldName, values: ["0"] }], { mode: "deny" }),
      );
      const live = securityPolicy("live", [{ fieldName: "Liveness Probe Defined", values: ["false"] }], {
        mode: "deny",
      });
      expect((await decide([...strict, live], adding([], [debug("dbg", false)]))).outcome).toBe("allowed");
    });

    it("lets through whom, where and what an update lets through; judges pods of Deployments [admission A-8]", async () => {
      const after = [debug("dbg", true)];
      const outcome = async (fields: Partial<Review["request"]>): Promise<string> =>
        (await decide([noPrivileged], adding([], after, fields))).reason;
      expect(await outcome({ namespace: "kube-system" })).toBe("namespace");
      expect(await outcome({ groups: ["system:nodes"] })).toBe("node");
      expect(await outcome({ object: podWith(after, { annotations: { "kinglet.dev/break-glass": "" } }) })).toBe(
        "break-glass",
      );
      const owned = { ownerReferences: [replicaSet] };
      const review = adding([], after, { object: podWith(after, owned), oldObject: podWith([], owned) });
      expect((await decide([noPrivileged], review)).outcome).toBe("denied");
    });

    it("asks only for the images of new ones, and refuses by what comes [admission A-8]", async () => {
      const clock = new ManualClock();
      const asked: string[] = [];
      const source = {
        name: "test",
        fetch: async (reference: string): Promise<FetchedImage> => {
          asked.push(reference);
          return { metadata: { config: { created: 0, user: "root", labels: new Map(), layers: [] } }, bytes: 100 };
        },
      };
      const images = new ImageMetadataCache(source, { clock, metrics: noopMetrics, maxBytes: 100_000 });
      const root = securityPolicy("root", [{ fieldName: "Image User", values: ["root"] }], { mode: "deny" });
      const old = debug("old", false);
      const answer = await decide([root], adding([old], [old, debug("dbg", false)]), { images }, { clock });
      expect([answer.outcome, asked]).toEqual(["denied", ["dbg:1"]]);
    });

    it("tells nobody about a dry run, and else names only their images [admission A-8]", async () => {
      const told: Decision[] = [];
      const onDecision = (decision: Decision): void => void told.push(decision);
      const after = [debug("dbg", true)];
      await decide([noPrivileged], adding([], after, { isDryRun: true }), {}, { onDecision });
      expect(told).toEqual([]);
      await decide([noPrivileged], adding([], after), {}, { onDecision });
      expect(told.map(({ subject }) => subject?.image)).toEqual(["dbg:1"]);
    });
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
