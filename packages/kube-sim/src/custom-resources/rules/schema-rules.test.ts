import { describe, expect, it } from "vitest";
import type { JsonSchema, ValidationRule } from "../schema/json-schema.ts";
import { RuleCompiler } from "./rule-compiler.ts";
import { celTypeOf } from "./schema-cel-type.ts";
import { SchemaRules } from "./schema-rules.ts";

const compiler = new RuleCompiler();
const schema: JsonSchema = {
  type: "object",
  properties: {
    a: { type: "integer" },
    b: { type: "integer" },
    s: { type: "string", maxLength: 20 },
    at: { type: "string", format: "date-time" },
    after: { type: "string", format: "duration" },
    either: { "x-kubernetes-int-or-string": true },
    list: { type: "array", maxItems: 10, items: { type: "string", maxLength: 10 } },
    ints: { type: "array", maxItems: 5, items: { type: "integer" } },
    map: { type: "object", additionalProperties: { type: "string" } },
    "a-b": { type: "string" },
    set: { type: "array", "x-kubernetes-list-type": "set", items: { type: "string" } },
  },
};
const object = {
  a: 1,
  b: 2,
  s: "hello",
  at: "2024-01-01T00:00:00Z",
  after: "1h",
  either: "25%",
  list: ["x", "yy"],
  ints: [1, 2, 3],
  map: { k: "v" },
  "a-b": "dash",
  set: ["p", "q"],
};

function run(rule: ValidationRule | string, given: unknown = object, old?: unknown): string[] {
  const rules = [typeof rule === "string" ? { rule } : rule];
  const checked = new SchemaRules({ ...schema, "x-kubernetes-validations": rules }, compiler, false);
  return checked.findProblems({ object: given, old }).map(({ field, message }) => `${field}: ${message}`);
}

describe("SchemaRules", () => {
  it.each([
    "self.a < self.b && self.a + 1 == 2",
    "self.list.all(x, x.size() < 3) && self.list.exists_one(x, x == 'yy')",
    "has(self.s) && self.s.startsWith('he') && self.s.matches('^h.*o$')",
    "self.map.all(k, self.map[k] == 'v') && 'k' in self.map",
    "self.at > timestamp('2023-01-01T00:00:00Z') && self.after == duration('60m')",
    "type(self.either) == string && self.ints.sum() == 6 && self.ints.isSorted() && self.ints.max() == 3",
    "self.s.find('l+') == 'll' && self.s.split('l') == ['he', '', 'o'] && self.s.substring(1, 3) == 'el'",
    "quantity('1Gi').isGreaterThan(quantity('1G')) && quantity('1.5').add(quantity('500m')).compareTo(quantity('2')) == 0",
    "cidr('10.0.0.0/8').containsIP('10.1.2.3') && ip('::1').isLoopback() && !isIP('1.2.3')",
    "url('https://a.b:80/c?d=e').getHostname() == 'a.b' && !isURL('x')",
    "self.?a.orValue(5) == 1 && cel.bind(x, self.a, x + x == 2) && 1 / 0 == 1 || true",
    "self.a__dash__b == 'dash' && self.ints.all(i, v, v == i + 1)",
    "self.set == ['q', 'p'] && (self.set + ['p', 'r']).size() == 3",
    "!format.dns1123Label().validate('A_b').value().isSorted() == false",
  ])("holds: %s", (rule) => {
    expect(run(rule)).toEqual([]);
  });

  it("names the rule, its message, its reason and its field", () => {
    expect(run("self.a > self.b")).toEqual(["<nil>: Invalid value: failed rule: self.a > self.b"]);
    expect(run({ rule: "false", messageExpression: "'a is ' + string(self.a)", fieldPath: ".a" })).toEqual([
      "a: Invalid value: a is 1",
    ]);
    expect(run({ rule: "false", message: "no", reason: "FieldValueForbidden" })).toEqual(["<nil>: Forbidden: no"]);
  });

  it("runs transition rules only where there is something to compare with", () => {
    expect(run("self.a == oldSelf.a", { a: 2 })).toEqual([]);
    expect(run("self.a == oldSelf.a", { a: 2 }, { a: 1 })).toHaveLength(1);
    expect(run({ rule: "oldSelf.hasValue()", optionalOldSelf: true }, { a: 2 })).toHaveLength(1);
  });

  it("tolerates what an unchanged object violates, and says so", () => {
    const warnings: string[] = [];
    const rules = new SchemaRules({ ...schema, "x-kubernetes-validations": [{ rule: "self.a > 5" }] }, compiler, false);
    expect(rules.findProblems({ object: { a: 1 }, old: { a: 1 }, warn: (text) => void warnings.push(text) })).toEqual(
      [],
    );
    expect(warnings).toHaveLength(1);
  });

  it("stops a rule that costs too much, and never takes it for satisfied", () => {
    const list = Array.from({ length: 2000 }, (_item, index) => `item ${index}`);
    const problems = run("self.list.all(x, self.list.exists(y, x == y))", { list });
    expect(problems[0]).toContain("call cost exceeds limit");
  });

  it("reports what fails while it runs", () => {
    expect(run("self.a / 0 == 1")[0]).toContain("division by zero evaluating rule");
    expect(run("self.map['zz'] == 'v'")[0]).toContain("no such key: zz");
    expect(run("self.either > 3")[0]).toContain("call arguments did not match");
  });
});

describe("RuleCompiler", () => {
  const problemOf = (rule: string): string | undefined =>
    compiler.compile({ rule }, celTypeOf(schema, false)?.type ?? { kind: "dyn" }).problem;

  it("refuses what does not fit the schema, in the words and at the place of the API", () => {
    expect(problemOf("self.s > 3")).toBe(
      "compilation failed: ERROR: <input>:1:8: found no matching overload for '_>_' applied to '(string, int)'\n" +
        " | self.s > 3\n | .......^",
    );
    expect(problemOf("self.zz == 1")).toContain("undefined field 'zz'");
    expect(problemOf("self.a")).toBe("cel expression must evaluate to a bool");
  });

  it.each([
    "unknown(self.a)",
    "self.s.nothing()",
    "self.list.all(x, x)",
    "[1, 'a'].size() == 2",
    "self.a == 'x'",
    "self.s.matches(",
  ])("refuses %s when the definition is made", (rule) => {
    expect(problemOf(rule)).toContain("compilation failed");
  });
});
