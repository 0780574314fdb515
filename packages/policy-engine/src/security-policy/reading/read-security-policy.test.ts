import { anything, assert, property, type JsonValue, jsonValue } from "fast-check";
import { describe, expect, it } from "vitest";

import {
  audit,
  group,
  privileged,
  problemsOf,
  resource,
  runtime,
  sectionsOf,
  summary,
  type Loose,
} from "../../../test/policy-documents.ts";
import { criteria, criterionNames, grammarNamed, grammarOf, readSecurityPolicy, type Criterion } from "../index.ts";

/** A policy of that event source around one criterion: with what must stand beside it. */
function specWith(criterion: Criterion, eventSource: string, value: string): Loose {
  const groups: Readonly<Record<string, readonly Loose[]>> = {
    NOT_APPLICABLE: [],
    DEPLOYMENT_EVENT:
      criterion.family === "kubeEvent" ? [group("Kubernetes Resource", "PODS_EXEC")] : fileOrProcess(criterion),
    AUDIT_LOG_EVENT: [group("Kubernetes Resource", "SECRETS"), group("Kubernetes API Verb", "GET")],
    NODE_EVENT: [group("File Path", "/etc/*")],
  };
  const beside = (groups[eventSource] ?? []).filter((one) => one["fieldName"] !== criterion.name);
  const stages = eventSource === "NOT_APPLICABLE" ? {} : runtime(eventSource);
  return { ...stages, ...sectionsOf(...beside, group(criterion.name, value)) };
}

function fileOrProcess({ family }: Criterion): readonly Loose[] {
  if (family === "networkFlow") return [];
  return [family === "fileAccess" ? group("File Path", "/etc/*") : group("Process Name", "sh")];
}

describe("readSecurityPolicy", () => {
  it("makes a policy with every field", () => {
    const { policy, problems } = readSecurityPolicy(resource());
    expect(problems).toEqual([]);
    expect(policy).toEqual({
      id: "u-1",
      name: "No privileged containers",
      description: "",
      rationale: "",
      remediation: "",
      disabled: false,
      categories: ["Privileges"],
      lifecycleStages: ["DEPLOY"],
      eventSource: "NOT_APPLICABLE",
      exclusions: [],
      scope: [],
      severity: "HIGH_SEVERITY",
      enforcementActions: [],
      notifiers: [],
      sections: [
        {
          name: "",
          groups: [{ fieldName: "Privileged Container", booleanOperator: "OR", negate: false, values: ["true"] }],
        },
      ],
      mitreAttackVectors: [],
      evaluationFilter: { skipContainerTypes: [] },
      mode: undefined,
    });
  });

  it("takes the id of the original, else the uid, else the name", () => {
    const id = (rest: Loose): string | undefined => readSecurityPolicy(resource({}, rest)).policy?.id;
    expect(id({ status: { policyId: "p-1" } })).toBe("p-1");
    expect(id({ status: { policyId: "" } })).toBe("u-1");
    expect(id({ metadata: { name: "n", namespace: "s" } })).toBe("s/n");
    expect(id({ metadata: { name: "n" } })).toBe("n");
  });

  it("reads the mode from the annotation and refuses another word", () => {
    const withMode = (mode: unknown): ReturnType<typeof readSecurityPolicy> =>
      readSecurityPolicy(resource({}, { metadata: { annotations: { "kinglet.dev/mode": mode } } }));
    expect(withMode("warn").policy?.mode).toBe("warn");
    expect(withMode("block")).toEqual({
      policy: undefined,
      problems: [
        {
          code: "KINGLET_ERR_POLICY_ENGINE_POLICY_UNKNOWN_NAME",
          level: "error",
          path: 'metadata.annotations["kinglet.dev/mode"]',
          value: "block",
          message: "must be one of deny, warn, audit",
          permitted: ["deny", "warn", "audit"],
        },
      ],
    });
  });

  describe("of an existing installation", () => {
    const accepted: Readonly<Record<string, Loose>> = {
      "deprecated members": { criteriaLocked: true, mitreVectorsLocked: true, isDefault: false },
      "empty objects for absent ones": {
        exclusions: [
          {
            name: "x",
            deployment: { name: "web", scope: { label: {}, clusterLabel: {}, namespaceLabel: {} } },
            image: {},
            expiration: "",
          },
        ],
        scope: [{ cluster: "", namespace: "prod", label: {} }],
        evaluationFilter: {},
      },
      "nulls for absent lists": { exclusions: null, scope: null, notifiers: null, mitreAttackVectors: null },
      "a name with blanks around it": { policyName: " Privileged " },
      "names in any case": sectionsOf(
        group("Add Capabilities", "net_admin"),
        group("Mount Propagation", "Bidirectional"),
      ),
      "times with offset and nanoseconds": {
        exclusions: [{ deployment: { name: "x" }, expiration: "2031-02-03T04:05:06.123456789+02:00" }],
      },
      "repeated stages": { lifecycleStages: ["DEPLOY", "DEPLOY"] },
      "an action that means nothing": { enforcementActions: ["UNSET_ENFORCEMENT"] },
      "an audit-log policy": audit,
      "a node policy": {
        ...runtime("NODE_EVENT"),
        ...sectionsOf(group("File Path", "/etc/passwd"), group("Process Name", "vi"), group("File Operation", "OPEN")),
      },
      "process and file together": {
        ...runtime(),
        ...sectionsOf(group("File Path", "/etc/*"), group("Process UID", "0"), privileged),
      },
      "exec into a pod by a user": {
        ...runtime(),
        ...sectionsOf(group("Kubernetes Resource", "PODS_EXEC"), group("Kubernetes User Name", "admin")),
      },
      "enforcement of a flow": {
        ...runtime(),
        ...sectionsOf(group("Unexpected Network Flow Detected", "true")),
        enforcementActions: ["KILL_POD_ENFORCEMENT"],
      },
      "an image excluded from BUILD": {
        lifecycleStages: ["BUILD", "DEPLOY"],
        ...sectionsOf(group("CVE", "CVE-2021-.*")),
        exclusions: [{ image: { name: "docker.io/library/" } }],
      },
    };
    it.each(Object.keys(accepted))("accepts %s without a word [policy V-1]", (what) => {
      const { policy, problems } = readSecurityPolicy(resource(accepted[what]));
      expect(problems).toEqual([]);
      expect(policy).toBeDefined();
    });

    it("accepts what the original ignored, leaves it out and says so [policy V-1]", () => {
      const { policy, problems } = readSecurityPolicy(
        resource({
          enforcementActions: ["KILL_POD_ENFORCEMENT", "FAIL_DEPLOYMENT_CREATE_ENFORCEMENT", "FAIL_BUILD_ENFORCEMENT"],
          exclusions: [{ deployment: { name: "web" }, image: { name: "x" } }],
          ...sectionsOf(group("Environment Variable", "SECRET_KEY=A=b"), group("Dockerfile Line", "FROM=x")),
        }),
      );
      expect(policy?.enforcementActions).toEqual(["FAIL_DEPLOYMENT_CREATE_ENFORCEMENT"]);
      expect(summary(problems)).toEqual([
        "warning spec.exclusions[0].image COMBINATION",
        "warning spec.enforcementActions[0] COMBINATION",
        "warning spec.enforcementActions[2] COMBINATION",
        "warning spec.policySections[0].policyGroups[0].values[0].value VALUE",
        "warning spec.policySections[0].policyGroups[1].values[0].value VALUE",
      ]);
    });

    it("accepts each criterion with the examples of its grammar, in every policy that may use it", () => {
      for (const criterion of criteria().values()) {
        for (const eventSource of criterion.eventSources) {
          for (const value of grammarNamed(grammarOf(criterion, eventSource)).examples) {
            const spec = specWith(criterion, eventSource, value);
            expect(problemsOf(spec), `${criterion.name} ${eventSource} ${value}`).toEqual([]);
          }
        }
      }
    });
  });

  describe("given several problems", () => {
    it("collects all problems, in the order of the schema and then of the rules [policy V-2]", () => {
      expect(
        problemsOf({
          policyName: "x",
          severity: "BAD",
          categories: [],
          extra: 1,
          ...sectionsOf(group("Nope", "x"), group("Replicas", "many"), { ...privileged, negate: true }),
        }),
      ).toEqual([
        "error spec.extra UNKNOWN_FIELD",
        "error spec.severity UNKNOWN_NAME",
        "error spec.policyName VALUE",
        "error spec.categories SHAPE",
        "error spec.policySections[0].policyGroups[0].fieldName UNKNOWN_NAME",
        "error spec.policySections[0].policyGroups[1].values[0].value VALUE",
        "error spec.policySections[0].policyGroups[2].negate CRITERION",
      ]);
    });

    it("proposes the criterion that was probably meant", () => {
      const { problems } = readSecurityPolicy(resource(sectionsOf(group("privileged containers", "true"))));
      expect(problems[0]?.message).toBe("is not a criterion (did you mean Privileged Container?)");
      expect(problems[0]?.permitted).toEqual(criterionNames);
    });

    it("proposes the field that was probably meant", () => {
      const { problems } = readSecurityPolicy(resource({ sverity: "LOW_SEVERITY", zzzzzz: 1 }));
      expect(problems.map(({ message }) => message)).toEqual([
        "is not a known field (did you mean severity?)",
        "is not a known field",
      ]);
    });

    it("shows the value and what is permitted [policy V-2]", () => {
      const { problems } = readSecurityPolicy(resource(sectionsOf(group("Port Exposure Method", "LOADBALANCER"))));
      expect(problems).toEqual([
        {
          code: "KINGLET_ERR_POLICY_ENGINE_POLICY_VALUE",
          level: "error",
          path: "spec.policySections[0].policyGroups[0].values[0].value",
          value: "LOADBALANCER",
          message: "is not one of the permitted names",
          permitted: ["UNSET", "EXTERNAL", "NODE", "HOST", "INTERNAL", "ROUTE"],
        },
      ]);
    });

    it("checks notifiers and clusters only against what is known, and lets ids pass", () => {
      const spec = {
        notifiers: ["mail", "5b2f9d4e-7c1a-4e0b-9f63-0a8d2c4b6e11", "chat"],
        scope: [{ cluster: "east" }, { cluster: "west" }],
      };
      expect(problemsOf(spec)).toEqual([]);
      const known = { knownNotifiers: new Set(["mail"]), knownClusters: new Set(["east"]) };
      expect(summary(readSecurityPolicy(resource(spec), known).problems)).toEqual([
        "error spec.notifiers[2] UNKNOWN_NAME",
        "error spec.scope[1].cluster UNKNOWN_NAME",
      ]);
    });

    it("refuses another kind, another version and members that no resource has", () => {
      const { problems } = readSecurityPolicy(resource({}, { kind: "Policy", apiVersion: "v1", data: {} }));
      expect(summary(problems)).toEqual([
        "error apiVersion UNKNOWN_NAME",
        "error kind UNKNOWN_NAME",
        "error data UNKNOWN_FIELD",
      ]);
    });
  });

  describe("given hostile input", () => {
    it.each([undefined, null, 1, "x", [], true, Number.NaN])("refuses %j", (value) => {
      expect(summary(readSecurityPolicy(value).problems)).toEqual(["error  SHAPE"]);
    });

    it("requires a spec", () => {
      expect(summary(readSecurityPolicy({}).problems)).toEqual(["error spec SHAPE"]);
    });

    it("takes keys of prototypes for what they are [policy V-7]", () => {
      const text = '{"spec":{"__proto__":{"policyName":"polluted"},"constructor":1,"toString":2}}';
      const { problems } = readSecurityPolicy(JSON.parse(text));
      expect(summary(problems).slice(0, 3)).toEqual([
        "error spec.__proto__ UNKNOWN_FIELD",
        "error spec.constructor UNKNOWN_FIELD",
        "error spec.toString UNKNOWN_FIELD",
      ]);
      expect(({} as Loose)["policyName"]).toBeUndefined();
    });

    it("follows the schema, however deep the value [policy V-7]", () => {
      const depth = 100_000;
      const deep = JSON.parse(`${'{"label":'.repeat(3000)}1${"}".repeat(3000)}`) as Loose;
      let list: unknown = [];
      for (let level = 0; level < depth; level++) list = [list];
      expect(problemsOf({ scope: [deep] })).toEqual(["error spec.scope[0].label.label UNKNOWN_FIELD"]);
      expect(problemsOf({ categories: list })).toContain("error spec.categories[0] SHAPE");
    });

    it("bounds lists, texts, values in all and problems [policy V-7]", () => {
      expect(problemsOf({ categories: Array.from({ length: 4097 }, () => "a") })).toEqual([
        "error spec.categories LIMIT",
      ]);
      expect(problemsOf({ rationale: "x".repeat(65_537) })).toEqual(["error spec.rationale LIMIT"]);
      const many = Array.from({ length: 4096 }, () => ({ value: "x" }));
      const sections = Array.from({ length: 40 }, () => ({ policyGroups: [{ fieldName: "Image Tag", values: many }] }));
      expect(problemsOf({ policySections: sections })).toContainEqual(expect.stringMatching(/^error spec\S+ LIMIT$/));
      const unknown = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`field${index}`, 1]));
      const { problems } = readSecurityPolicy(resource(unknown));
      expect(problems).toHaveLength(101);
      expect(problems[100]?.message).toBe("there are 100 problems; checking ended here");
    });

    it("shows any value as one bounded line of whole characters", () => {
      const { problems } = readSecurityPolicy(resource({ severity: `a\nb\u2028${"😀".repeat(500)}` }));
      expect(problems[0]?.value).toMatch(/^a b [^\n\r\u2028]+…$/u);
      expect(problems[0]?.value.length).toBeLessThanOrEqual(200);
      expect(problems[0]?.value.isWellFormed()).toBe(true);
    });

    it("never throws, and gives a policy exactly when there is no error [policy V-7]", () => {
      const check = (value: unknown): void => {
        const { policy, problems } = readSecurityPolicy(value);
        expect(policy === undefined).toBe(problems.some(({ level }) => level === "error"));
      };
      assert(property(anything(), check), { seed: 1, numRuns: 300 });
      assert(
        property(jsonValue(), jsonValue(), (left: JsonValue, right: JsonValue) => {
          check(resource({ policySections: left, scope: right }));
          check(resource({ exclusions: [left], ...sectionsOf({ fieldName: left, values: right }) }));
          check(resource(sectionsOf({ ...privileged, values: [{ value: left }, right] })));
        }),
        { seed: 1, numRuns: 300 },
      );
    });

    it("gives the same answer for the same document", () => {
      const broken = resource({ extra: 1, severity: 3 });
      expect(readSecurityPolicy(structuredClone(broken))).toEqual(readSecurityPolicy(broken));
    });
  });

  it("keeps what is excluded: deployments and images [policy V-4]", () => {
    const exclusions = [
      {
        name: "a",
        deployment: { name: "web", scope: { cluster: "east", label: { key: "k" } } },
        expiration: "2031-01-01T00:00:00Z",
      },
      { name: "b", image: { name: "docker.io/library/" } },
    ];
    const stages = { lifecycleStages: ["BUILD", "DEPLOY"], ...sectionsOf(group("CVE", "x")) };
    expect(readSecurityPolicy(resource({ ...stages, exclusions })).policy?.exclusions).toEqual([
      {
        name: "a",
        deployment: {
          name: "web",
          scope: {
            cluster: "east",
            namespace: "",
            label: { key: "k", value: "" },
            clusterLabel: undefined,
            namespaceLabel: undefined,
          },
        },
        image: undefined,
        expiration: "2031-01-01T00:00:00Z",
      },
      { name: "b", deployment: undefined, image: { name: "docker.io/library/" }, expiration: undefined },
    ]);
  });

  it("does not change the document", () => {
    const document = resource({ exclusions: [{ deployment: { name: "a" } }] });
    const copy = structuredClone(document);
    readSecurityPolicy(document);
    expect(document).toEqual(copy);
  });
});
