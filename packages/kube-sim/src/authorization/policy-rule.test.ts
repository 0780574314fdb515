import { array, assert as assertProperty, constant, property, record, subarray, type Arbitrary } from "fast-check";
import { describe, expect, it } from "vitest";
import { describeRules, findMissingRules, isAllowedByRule, readRules, type PolicyRule } from "./policy-rule.ts";
import type { RequestAttributes } from "./request-attributes.ts";

function ruleOf(rule: Partial<PolicyRule>): PolicyRule {
  return { verbs: [], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [], ...rule };
}

function ask(
  verb: string,
  resource: string,
  more: Partial<Extract<RequestAttributes, { isResource: true }>> = {},
): RequestAttributes {
  return { isResource: true, verb, group: "", resource, subresource: "", namespace: "n", name: "", ...more };
}

describe("isAllowedByRule", () => {
  it("needs verb, group, resource and name to fit", () => {
    const rule = ruleOf({ verbs: ["get"], apiGroups: [""], resources: ["pods"], resourceNames: ["a"] });
    expect(isAllowedByRule(rule, ask("get", "pods", { name: "a" }))).toBe(true);
    expect(isAllowedByRule(rule, ask("get", "pods", { name: "b" }))).toBe(false);
    expect(isAllowedByRule(rule, ask("list", "pods"))).toBe(false);
    expect(isAllowedByRule(rule, ask("get", "pods", { name: "a", group: "apps" }))).toBe(false);
  });

  it("takes a sub-resource only when it is named, for one resource or for all", () => {
    const exec = ask("create", "pods", { subresource: "exec" });
    const allows = (resources: string[]): boolean =>
      isAllowedByRule(ruleOf({ verbs: ["*"], apiGroups: ["*"], resources }), exec);
    expect(allows(["pods"])).toBe(false);
    expect(allows(["pods/exec"])).toBe(true);
    expect(allows(["*/exec"])).toBe(true);
    expect(allows(["*"])).toBe(true);
    expect(allows(["*/log"])).toBe(false);
  });

  it("takes paths by prefix where the rule ends in a star", () => {
    const rule = ruleOf({ verbs: ["get"], nonResourceURLs: ["/healthz", "/openapi/*"] });
    const path = (value: string): boolean => isAllowedByRule(rule, { isResource: false, verb: "get", path: value });
    expect([path("/healthz"), path("/healthz/etcd"), path("/openapi/v3"), path("/openapi")]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });
});

describe("findMissingRules", () => {
  const word = (values: string[]): Arbitrary<string[]> => subarray(values, { minLength: 1 });
  const rule = record({
    verbs: word(["get", "list", "*"]),
    apiGroups: word(["", "apps", "*"]),
    resources: word(["pods", "pods/log", "*/log", "*"]),
    resourceNames: subarray(["a", "b"]),
    nonResourceURLs: constant([]),
  });

  it("finds nothing missing exactly when no single piece of the wanted rules is beyond every owned rule", () => {
    const allowed = property(array(rule, { maxLength: 3 }), rule, (owned, wanted) => {
      const isCovered = findMissingRules(owned, [wanted]).length === 0;
      // What the wanted rule allows literally has to be allowed by some owned rule too.
      if (!isCovered) return;
      for (const verb of wanted.verbs) {
        for (const group of wanted.apiGroups) {
          for (const resource of wanted.resources.filter((name) => !name.includes("*"))) {
            const [plural = "", subresource = ""] = resource.split("/");
            const name = wanted.resourceNames[0] ?? "any";
            const request = ask(verb, plural, { group, subresource, name });
            expect(owned.some((own) => isAllowedByRule(own, request))).toBe(true);
          }
        }
      }
    });
    assertProperty(allowed, { seed: 1, numRuns: 300 });
  });

  it("covers a rule with itself and nothing with nothing", () => {
    assertProperty(
      property(rule, (wanted) => {
        expect(findMissingRules([wanted], [wanted])).toEqual([]);
        expect(findMissingRules([], [wanted]).length).toBeGreaterThan(0);
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});

describe("describeRules", () => {
  it("joins the verbs of one resource and sorts the lines", () => {
    const wanted = readRules({
      rules: [
        { apiGroups: [""], resources: ["secrets", "pods"], verbs: ["get", "list"] },
        { nonResourceURLs: ["/metrics"], verbs: ["get"] },
      ],
    });
    expect(describeRules(findMissingRules([], wanted))).toEqual([
      '{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}',
      '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}',
      '{NonResourceURLs:["/metrics"], Verbs:["get"]}',
    ]);
  });
});
