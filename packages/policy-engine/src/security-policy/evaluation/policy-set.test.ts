import { describe, expect, it } from "vitest";

import { groupOf, policyOf, policyOfSections } from "../../../test/security-policy/policy-of.ts";
import {
  auditOf,
  execOf,
  fileAccessOf,
  flowOf,
  imageOf,
  processOf,
  testNow,
  vulnerabilityOf,
  workloadOf,
} from "../../../test/security-policy/subjects.ts";
import type { PolicyScope, SecurityPolicy } from "../model/security-policy.ts";
import type { EvaluationSubject } from "./evaluation-subject.ts";
import { PolicySet, type PolicySetOptions, type RuntimeSubject } from "./policy-set.ts";
import { maxViolations } from "./policy-verdict.ts";

const privileged = groupOf("Privileged Container", "true");
const runtime = { lifecycleStages: ["RUNTIME"], eventSource: "DEPLOYMENT_EVENT" } as const;
const scopeOf = (facts: Partial<PolicyScope>): PolicyScope => ({
  cluster: "",
  namespace: "",
  label: undefined,
  clusterLabel: undefined,
  namespaceLabel: undefined,
  ...facts,
});
const dangerous = workloadOf({ securityContext: { privileged: true } }, {}, { labels: { team: "a" } });

function setOf(policies: readonly SecurityPolicy[], options: PolicySetOptions = {}): PolicySet {
  const set = new PolicySet({ now: () => testNow, ...options });
  set.replace(policies);
  return set;
}

function outcomes(policies: readonly SecurityPolicy[], subject: EvaluationSubject): readonly string[] {
  return setOf(policies)
    .evaluateDeploy(subject)
    .map(({ policy, outcome, missing }) => [policy.id, outcome, ...missing].join(" "));
}

function outcomeAt(subject: RuntimeSubject, policy: SecurityPolicy, options?: PolicySetOptions): string | undefined {
  return setOf([policy], options).evaluateRuntime(subject)[0]?.outcome;
}

describe("PolicySet.evaluateDeploy", () => {
  it("gives verdicts by policy id, of the stage asked for, without disabled policies", () => {
    const policies = [
      policyOf([privileged], { id: "c" }),
      policyOf([privileged], { id: "a", disabled: true }),
      policyOf([groupOf("Host PID", "true")], { id: "b", lifecycleStages: ["BUILD", "DEPLOY"] }),
      policyOf([privileged], { id: "d", lifecycleStages: ["BUILD"] }),
      policyOf([groupOf("Process Name", "sh")], { id: "e", ...runtime }),
    ];
    expect(outcomes(policies, { workload: dangerous })).toEqual(["b passed", "c violated"]);
    const build = setOf(policies).evaluateDeploy({ workload: dangerous }, { stage: "BUILD" });
    expect(build.map(({ policy, outcome }) => `${policy.id} ${outcome}`)).toEqual(["b passed", "d violated"]);
  });

  it("evaluates only the policies asked for", () => {
    const wanted = policyOf([privileged], { id: "b" });
    const set = setOf([policyOf([privileged], { id: "a" }), wanted]);
    expect(set.evaluateDeploy({ workload: dangerous }, { only: new Set([wanted]) })).toHaveLength(1);
  });

  it("is violated by any section, with every group of it, linked to one container [policy E-1]", () => {
    const both = [privileged, groupOf("Container Name", "web")];
    const other = { name: "api", image: "x", securityContext: { privileged: true } };
    const workload = workloadOf({}, { containers: [{ name: "web", image: "x" }, other] });
    expect(outcomes([policyOf(both)], { workload })).toEqual(["policy-1 passed"]);
    const sections = [
      { name: "one", groups: both },
      { name: "two", groups: [groupOf("Container Name", "api")] },
    ];
    expect(outcomes([policyOfSections(sections)], { workload })).toEqual(["policy-1 violated"]);
  });

  it("links vulnerabilities of one component", () => {
    const groups = [groupOf("CVSS", ">= 7"), groupOf("Fixable", "true")];
    const apart = imageOf({}, [vulnerabilityOf({ id: "A", cvss: 9 }), vulnerabilityOf({ id: "B", fixedBy: "1" })]);
    const together = imageOf({}, [vulnerabilityOf({ cvss: 9, fixedBy: "1" })]);
    expect(outcomes([policyOf(groups)], { workload: workloadOf(), image: () => apart })).toEqual(["policy-1 passed"]);
    expect(outcomes([policyOf(groups)], { workload: workloadOf(), image: () => together })).toEqual([
      "policy-1 violated",
    ]);
  });

  it("decides without what is missing where it can, and says what is missing where it cannot [policy E-3]", () => {
    const groups = [privileged, groupOf("CVSS", ">= 7")];
    expect(outcomes([policyOf(groups)], { workload: workloadOf() })).toEqual(["policy-1 passed"]);
    expect(outcomes([policyOf(groups)], { workload: dangerous })).toEqual(["policy-1 notEvaluated image"]);
    const sections = [
      { name: "", groups: [groupOf("Minimum RBAC Permissions", "CLUSTER_ADMIN")] },
      { name: "", groups: [groupOf("Has Ingress Network Policy", "false")] },
      { name: "", groups: [groupOf("Port Exposure Method", "EXTERNAL")] },
    ];
    expect(outcomes([policyOfSections(sections)], { workload: workloadOf() })).toEqual([
      "policy-1 notEvaluated networkPolicies rbac services",
    ]);
    const withOther = [...sections, { name: "", groups: [privileged] }];
    expect(outcomes([policyOfSections(withOther)], { workload: dangerous })).toEqual(["policy-1 violated"]);
  });

  it("names only what could change the outcome", () => {
    const sections = [
      { name: "", groups: [groupOf("Minimum RBAC Permissions", "CLUSTER_ADMIN"), privileged] },
      { name: "", groups: [groupOf("Severity", "CRITICAL")] },
    ];
    expect(outcomes([policyOfSections(sections)], { workload: workloadOf() })).toEqual(["policy-1 notEvaluated image"]);
    expect(outcomes([policyOfSections(sections)], { workload: dangerous })).toEqual([
      "policy-1 notEvaluated image rbac",
    ]);
  });

  it("tells an image that nobody scanned from one of which that is not known", () => {
    const unscanned = [policyOf([groupOf("Unscanned Image", "true")], { id: "a" })];
    const severe = [policyOf([groupOf("Severity", "CRITICAL")], { id: "b" })];
    const subject = (image: ReturnType<typeof imageOf> | object): EvaluationSubject => ({
      workload: workloadOf(),
      image: () => image,
    });
    expect(outcomes([...unscanned, ...severe], subject({ scan: null }))).toEqual(["a violated", "b passed"]);
    expect(outcomes([...unscanned, ...severe], subject({}))).toEqual(["a notEvaluated image", "b notEvaluated image"]);
  });

  it("knows host ports without services, and ports that only a service names", () => {
    const policies = [policyOf([groupOf("Port Exposure Method", "HOST")], { id: "a" })];
    const hostPort = workloadOf({ ports: [{ containerPort: 80, hostPort: 80 }] });
    expect(outcomes(policies, { workload: hostPort })).toEqual(["a violated"]);
    const external = [policyOf([groupOf("Port Exposure Method", "EXTERNAL")], { id: "a" })];
    const services = () => [
      { port: 8443, protocol: "TCP", level: "EXTERNAL" as const, nodePort: undefined, service: "s" },
    ];
    expect(outcomes(external, { workload: workloadOf(), services })).toEqual(["a violated"]);
    expect(outcomes(external, { workload: workloadOf() })).toEqual(["a notEvaluated services"]);
  });

  it("leaves out containers of the types that the policy does not look at", () => {
    const workload = workloadOf({}, { initContainers: [{ name: "setup", securityContext: { privileged: true } }] });
    expect(outcomes([policyOf([privileged])], { workload })).toEqual(["policy-1 violated"]);
    const evaluationFilter = { skipContainerTypes: ["INIT"] } as const;
    expect(outcomes([policyOf([privileged], { evaluationFilter })], { workload })).toEqual(["policy-1 passed"]);
  });

  it("asks for each required label with AND, for any with OR; the reference for any with both [policy E-7]", () => {
    const both = (booleanOperator: "AND" | "OR"): SecurityPolicy =>
      policyOf([groupOf("Required Label", ["team=", "owner="], { booleanOperator })]);
    expect(outcomes([both("AND")], { workload: dangerous })).toEqual(["policy-1 violated"]);
    expect(outcomes([both("OR")], { workload: dangerous })).toEqual(["policy-1 passed"]);
    const original = setOf([both("AND")], { requireEach: false });
    expect(original.evaluateDeploy({ workload: dangerous })[0]?.outcome).toBe("passed");
  });

  it("is not satisfied by a container that drops every capability but the one asked for", () => {
    const workload = workloadOf({ securityContext: { capabilities: { drop: ["NET_RAW"] } } });
    const policy = (values: string[], booleanOperator: "AND" | "OR"): SecurityPolicy =>
      policyOf([groupOf("Drop Capabilities", values, { booleanOperator })]);
    expect(outcomes([policy(["NET_RAW", "CHOWN"], "AND")], { workload })).toEqual(["policy-1 violated"]);
    expect(outcomes([policy(["NET_RAW", "CHOWN"], "OR")], { workload })).toEqual(["policy-1 passed"]);
    expect(outcomes([policy(["ALL"], "OR")], { workload })).toEqual(["policy-1 violated"]);
    expect(outcomes([policy(["CHOWN"], "OR")], { workload: workloadOf() })).toEqual(["policy-1 violated"]);
    // Who drops ALL drops the one asked for, unless ALL is asked for by name beside it.
    const all = workloadOf({ securityContext: { capabilities: { drop: ["ALL"] } } });
    expect(outcomes([policy(["NET_RAW", "CHOWN"], "AND")], { workload: all })).toEqual(["policy-1 passed"]);
    expect(outcomes([policy(["ALL", "CHOWN"], "AND")], { workload: all })).toEqual(["policy-1 violated"]);
  });

  it("takes a container that adds ALL for one that adds each capability", () => {
    const workload = workloadOf({ securityContext: { capabilities: { add: ["ALL"] } } });
    const groups = [groupOf("Add Capabilities", ["SYS_ADMIN", "NET_RAW"], { booleanOperator: "AND" })];
    expect(outcomes([policyOf(groups)], { workload })).toEqual(["policy-1 violated"]);
  });

  it("joins compound values by OR or AND over one element", () => {
    const workload = workloadOf({
      env: [
        { name: "AB", value: "1" },
        { name: "A", value: "2" },
        { name: "B", value: "3" },
      ],
    });
    const violations = (values: string[], booleanOperator: "AND" | "OR"): readonly string[] | undefined => {
      const group = groupOf("Environment Variable", values, { booleanOperator });
      const [verdict] = setOf([policyOf([group])]).evaluateDeploy({ workload });
      return verdict?.violations.map(({ message }) => message.slice(22, 26));
    };
    expect(violations(["=A.*=", "=.*B="], "AND")).toEqual(['AB" ']);
    expect(violations(["=A.*=", "=.*B="], "OR")).toEqual(['A" o', 'AB" ', 'B" o']);
    expect(violations(["=A=", "=B="], "AND")).toEqual([]);
  });

  it("bounds what it lists, sorted and without repetition [policy E-11]", () => {
    const count = maxViolations + 20;
    const env = Array.from({ length: count }, (_, index) => ({
      name: `V${String(index).padStart(4, "0")}`,
      value: "x",
    }));
    const workload = workloadOf({ env: [...env, ...env] });
    const [verdict] = setOf([policyOf([groupOf("Environment Variable", "RAW=V.*=x")])]).evaluateDeploy({ workload });
    expect(verdict?.violations).toHaveLength(maxViolations + 1);
    expect(verdict?.violations[0]?.message).toBe('environment variable "V0000" of container "web" comes from "RAW"');
    expect(verdict?.violations.at(-1)?.message).toBe("and 20 more");
  });

  it("keeps messages on one line whatever names hold [policy E-11]", () => {
    const workload = workloadOf({ name: `a\n"b"\u2028${"c".repeat(500)}`, securityContext: { privileged: true } });
    const [verdict] = setOf([policyOf([privileged])]).evaluateDeploy({ workload });
    expect(verdict?.violations[0]?.message).toMatch(/^container "a\\n\\"b\\"\\u2028c{100,}…" is privileged$/);
  });

  describe("in scopes", () => {
    const within = (scope: Partial<PolicyScope>): readonly SecurityPolicy[] => [
      policyOf([privileged], { scope: [scopeOf(scope)] }),
    ];

    it.each<[string, Partial<PolicyScope>, readonly string[]]>([
      ["namespace", { namespace: "sto.*" }, ["policy-1 violated"]],
      ["other namespace", { namespace: "store-2" }, []],
      ["label", { label: { key: "team", value: "a|b" } }, ["policy-1 violated"]],
      ["other label", { label: { key: "team", value: "c" } }, []],
      ["cluster", { cluster: "east" }, ["policy-1 violated"]],
      ["other cluster", { cluster: "eas" }, []],
      ["cluster label", { clusterLabel: { key: "env", value: "" } }, ["policy-1 violated"]],
      ["namespace label", { namespaceLabel: { key: "", value: "prod" } }, ["policy-1 violated"]],
      ["other namespace label", { namespaceLabel: { key: "x", value: "prod" } }, []],
      ["all of it", { cluster: "east", namespace: "store", label: { key: "team", value: "a" } }, ["policy-1 violated"]],
      ["not all of it", { cluster: "east", namespace: "store", label: { key: "team", value: "b" } }, []],
    ])("applies by %s", (_name, scope, expected) => {
      const subject: EvaluationSubject = {
        workload: dangerous,
        cluster: "east",
        clusterLabels: new Map([["env", "x"]]),
        namespaceLabels: new Map([["stage", "prod"]]),
      };
      expect(outcomes(within(scope), subject)).toEqual(expected);
    });

    it("does not decide on labels and clusters that are not known, unless nothing is wrong anyway", () => {
      const scope = { namespaceLabel: { key: "stage", value: "prod" } };
      expect(outcomes(within(scope), { workload: dangerous })).toEqual(["policy-1 notEvaluated namespaceLabels"]);
      expect(outcomes(within(scope), { workload: workloadOf() })).toEqual(["policy-1 passed"]);
      expect(outcomes(within({ cluster: "east" }), { workload: dangerous })).toEqual(["policy-1 notEvaluated cluster"]);
      expect(outcomes(within({ clusterLabel: { key: "a", value: "" } }), { workload: dangerous })).toEqual([
        "policy-1 notEvaluated clusterLabels",
      ]);
    });

    it("applies when any scope does [policy E-8]", () => {
      const scope = [scopeOf({ namespace: "x" }), scopeOf({ cluster: "?" }), scopeOf({ namespace: "store" })];
      expect(outcomes([policyOf([privileged], { scope })], { workload: dangerous })).toEqual(["policy-1 violated"]);
    });
  });

  describe("with exclusions", () => {
    const except = (name: string, more: object = {}): readonly SecurityPolicy[] => [
      policyOf([privileged], {
        exclusions: [
          { name: "", deployment: { name, scope: undefined }, image: undefined, expiration: undefined, ...more },
        ],
      }),
    ];

    it("leaves out workloads by name, whole and whatever the case", () => {
      expect(outcomes(except("[s]hop"), { workload: dangerous })).toEqual(["policy-1 notEvaluated patternEngine"]);
      expect(outcomes(except("SH.P"), { workload: dangerous })).toEqual(["policy-1 excluded"]);
      expect(outcomes(except("SHOP"), { workload: dangerous })).toEqual(["policy-1 excluded"]);
      expect(outcomes(except("sho"), { workload: dangerous })).toEqual(["policy-1 violated"]);
    });

    it("ends with their expiration, and a time that cannot be read has passed [policy E-8]", () => {
      const until = (expiration: string): readonly string[] =>
        outcomes(except("shop", { expiration }), { workload: dangerous });
      expect(until("2026-11-21T12:00:01Z")).toEqual(["policy-1 excluded"]);
      expect(until("2026-11-21T12:00:00Z")).toEqual(["policy-1 violated"]);
      expect(until("soon")).toEqual(["policy-1 violated"]);
    });

    it("looks at the scope inside", () => {
      const scoped = (namespace: string): readonly SecurityPolicy[] =>
        except("shop", { deployment: { name: "", scope: scopeOf({ namespace }) } });
      expect(outcomes(scoped("store"), { workload: dangerous })).toEqual(["policy-1 excluded"]);
      expect(outcomes(scoped("other"), { workload: dangerous })).toEqual(["policy-1 violated"]);
      const byLabel = except("", {
        deployment: { name: "", scope: scopeOf({ namespaceLabel: { key: "a", value: "" } }) },
      });
      expect(outcomes(byLabel, { workload: dangerous })).toEqual(["policy-1 notEvaluated namespaceLabels"]);
    });

    it("excludes nothing by a pattern that is none", async () => {
      const set = setOf(except("("));
      await set.prepare();
      expect(set.evaluateDeploy({ workload: dangerous })[0]?.outcome).toBe("violated");
    });

    it("leaves out images by the beginning of their name, at BUILD only", () => {
      const policies = [
        policyOf([privileged], {
          lifecycleStages: ["BUILD", "DEPLOY"],
          exclusions: [
            { name: "", deployment: undefined, image: { name: "registry.example/team" }, expiration: undefined },
          ],
        }),
      ];
      const set = setOf(policies);
      expect(set.evaluateDeploy({ workload: dangerous }, { stage: "BUILD" })[0]?.outcome).toBe("excluded");
      expect(set.evaluateDeploy({ workload: dangerous })[0]?.outcome).toBe("violated");
    });
  });
});

describe("PolicySet.evaluateRuntime", () => {
  it("meets each event with the policies about its kind only [policy E-12]", () => {
    const policies = [
      policyOf([groupOf("Process Name", "sh")], { id: "process", ...runtime }),
      policyOf([groupOf("Unexpected Network Flow Detected", "true")], { id: "flow", ...runtime }),
      policyOf([groupOf("Kubernetes Resource", "PODS_EXEC")], { id: "kube", ...runtime }),
      policyOf([groupOf("File Path", "/etc/**"), groupOf("Process Name", "sh")], { id: "file", ...runtime }),
      policyOf([groupOf("Kubernetes Resource", "SECRETS"), groupOf("Kubernetes API Verb", "GET")], {
        id: "audit",
        lifecycleStages: ["RUNTIME"],
        eventSource: "AUDIT_LOG_EVENT",
      }),
    ];
    const set = setOf(policies);
    const at = (event: RuntimeSubject["event"]): readonly string[] =>
      set
        .evaluateRuntime({ workload: workloadOf(), event })
        .filter(({ outcome }) => outcome === "violated")
        .map(({ policy }) => policy.id);
    expect(at(processOf())).toEqual(["process"]);
    expect(at(flowOf({ isInBaseline: false }))).toEqual(["flow"]);
    expect(at(execOf())).toEqual(["kube"]);
    expect(at(fileAccessOf())).toEqual(["file"]);
    expect(at(auditOf())).toEqual(["audit"]);
    expect(at(fileAccessOf({ process: undefined }))).toEqual([]);
  });

  it("evaluates sections without criteria on events at every event of the policy, for the container of the event", () => {
    const sections = [
      { name: "one", groups: [groupOf("Process Name", "nc")] },
      { name: "two", groups: [privileged] },
    ];
    const policy = policyOfSections(sections, runtime);
    expect(outcomeAt({ workload: workloadOf(), event: processOf() }, policy)).toBe("passed");
    expect(outcomeAt({ workload: dangerous, event: processOf() }, policy)).toBe("violated");
    expect(outcomeAt({ workload: dangerous, event: flowOf() }, policy)).toBeUndefined();
  });

  it("links a process to its container [policy E-12]", () => {
    const policy = policyOf([groupOf("Process Name", "sh"), privileged], runtime);
    const other = { name: "api", image: "x", securityContext: { privileged: true } };
    const workload = workloadOf({}, { containers: [{ name: "web", image: "x" }, other] });
    expect(outcomeAt({ workload, event: processOf() }, policy)).toBe("passed");
    expect(outcomeAt({ workload, event: { ...processOf(), containerName: "api" } }, policy)).toBe("violated");
  });

  it("says nothing about a container that it does not know", () => {
    const policy = policyOf([groupOf("Process Name", "sh"), privileged], runtime);
    const event = { ...processOf(), containerName: "injected" };
    const [verdict] = setOf([policy]).evaluateRuntime({ workload: dangerous, event });
    expect(verdict).toMatchObject({ outcome: "notEvaluated", missing: ["container"] });
    expect(
      outcomeAt({ workload: dangerous, event: { ...event, process: processOf({ name: "x" }).process } }, policy),
    ).toBe("passed");
  });

  it("says nothing about a workload that did not come with the event, unless the event decides", () => {
    const policy = policyOf([groupOf("Kubernetes Resource", "PODS_EXEC"), privileged], runtime);
    const [verdict] = setOf([policy]).evaluateRuntime({ event: execOf() });
    expect(verdict).toMatchObject({ outcome: "notEvaluated", missing: ["workload"] });
    expect(outcomeAt({ event: execOf({ resource: "PODS_ATTACH" }) }, policy)).toBe("passed");
    const only = policyOf([groupOf("Kubernetes Resource", "PODS_EXEC")], runtime);
    expect(outcomeAt({ event: execOf() }, only)).toBe("violated");
  });

  it("needs a baseline to call something unexpected", () => {
    const policy = policyOf([groupOf("Unexpected Process Executed", "true")], runtime);
    const event = processOf({ isInBaseline: undefined });
    expect(setOf([policy]).evaluateRuntime({ workload: dangerous, event })[0]).toMatchObject({
      outcome: "notEvaluated",
      missing: ["baseline"],
    });
  });

  it("carries the facts of a request beside the line about it", () => {
    const policy = policyOf([groupOf("Kubernetes Resource", "PODS_EXEC"), privileged], runtime);
    const event = execOf({ impersonatedUser: "root", commands: ["sh", "-c", "id\nid"] });
    const [verdict] = setOf([policy]).evaluateRuntime({ workload: dangerous, event });
    expect(verdict?.violations).toEqual([
      { kind: "generic", message: 'container "web" is privileged', attributes: [] },
      {
        kind: "kubernetesEvent",
        message: 'exec into pod "shop-1", container "web", command "sh -c id\\nid"',
        attributes: [
          ["Namespace", "store"],
          ["User", "jane"],
          ["Groups", "dev"],
          ["Impersonated user", "root"],
        ],
      },
    ]);
  });

  it("matches user ids and names whole, and their beginnings where that is wanted back [policy E-6]", () => {
    const cases = [
      [groupOf("Process UID", "1"), processOf({ uid: 1000 })],
      [groupOf("Kubernetes User Name", "jan"), execOf()],
      [groupOf("Kubernetes User Groups", "de"), execOf()],
    ] as const;
    for (const [group, event] of cases) {
      const policy = policyOf([group], runtime);
      expect(outcomeAt({ workload: dangerous, event }, policy)).toBe("passed");
      expect(outcomeAt({ workload: dangerous, event }, policy, { exactNames: false })).toBe("violated");
    }
  });

  it("ignores what scopes say of namespaces for objects of the whole cluster [policy E-8]", () => {
    const policy = policyOf([groupOf("Kubernetes Resource", "CLUSTER_ROLES")], {
      lifecycleStages: ["RUNTIME"],
      eventSource: "AUDIT_LOG_EVENT",
      scope: [scopeOf({ namespace: "store", namespaceLabel: { key: "a", value: "" } })],
    });
    expect(outcomeAt({ event: auditOf({ resource: "CLUSTER_ROLES", namespace: "" }) }, policy)).toBe("violated");
    expect(outcomeAt({ event: auditOf({ resource: "CLUSTER_ROLES", namespace: "other" }) }, policy)).toBeUndefined();
  });
});
