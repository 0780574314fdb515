import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { containerOf } from "../test/containers.ts";
import { ruleOf } from "../test/rules.ts";
import { BindingBook, type BindingBookOptions } from "./binding-book.ts";
import { parseRuleBinding } from "./read-rule-binding.ts";

const rules = [
  ruleOf("R1", { name: "one", tags: ["exec"] }),
  ruleOf("R2", { name: "two", tags: ["exec", "net"], severity: 5 }),
  ruleOf("R3", { name: "three", tags: ["net"] }),
];
const bookOf = (options: Partial<BindingBookOptions> = {}): BindingBook =>
  new BindingBook({ rules: () => rules, ...options });
const binding = (entries: readonly object[], selectors: object = {}): object => ({
  spec: { ...selectors, rules: entries },
});
const idsOf = (book: BindingBook, labels: Record<string, string> = {}, namespace = "shop"): string =>
  book
    .selectionFor(containerOf({ podLabels: labels, namespace }))
    .rules.map(({ ruleId }) => ruleId)
    .sort()
    .join(" ");

describe("BindingBook", () => {
  it("has every rule hold for every pod without a binding, and where bindings are ignored [rules S-1]", () => {
    expect(idsOf(bookOf())).toBe("R1 R2 R3");
    const ignoring = bookOf({ ignoresBindings: true });
    ignoring.set("b", binding([{ ruleID: "R1" }]));
    expect(idsOf(ignoring)).toBe("R1 R2 R3");
  });

  it("has every rule hold while not all bindings are known, and says when that is over [rules S-1]", () => {
    let isIncomplete = true;
    const book = bookOf({ isIncomplete: () => isIncomplete });
    book.set("b", binding([{ ruleID: "R1" }]));
    expect(idsOf(book)).toBe("R1 R2 R3");
    isIncomplete = false;
    book.invalidate();
    expect(idsOf(book)).toBe("R1");
    isIncomplete = true;
    book.invalidate();
    expect(idsOf(book)).toBe("R1 R2 R3");
  });

  it.each([
    [{ ruleID: "R2" }, "R2"],
    [{ ruleName: "three" }, "R3"],
    [{ ruleTags: ["net"] }, "R2 R3"],
    [{ ruleTags: ["net", "exec"] }, "R1 R2 R3"],
    [{ ruleID: "nosuch" }, ""],
  ])("binds by %j: %s [rules S-1]", (entry, expected) => {
    const book = bookOf();
    book.set("b", binding([entry]));
    expect(idsOf(book)).toBe(expected);
  });

  it("selects pods and namespaces by their labels [rules S-1]", () => {
    const book = bookOf({ namespaceLabels: (name) => (name === "shop" ? { team: "a" } : {}) });
    book.set("pods", binding([{ ruleID: "R1" }], { podSelector: { matchLabels: { app: "web" } } }));
    book.set(
      "space",
      binding([{ ruleID: "R2" }], {
        namespaceSelector: { matchExpressions: [{ key: "team", operator: "In", values: ["a"] }] },
      }),
    );
    book.set(
      "not",
      binding([{ ruleID: "R3" }], {
        namespaceSelector: {
          matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["kube-system"] }],
        },
      }),
    );
    expect(idsOf(book, { app: "web" })).toBe("R1 R2 R3");
    expect(idsOf(book, {})).toBe("R2 R3");
    expect(idsOf(book, { app: "web" }, "other")).toBe("R1 R3");
    expect(idsOf(book, {}, "kube-system")).toBe("");
    expect(book.bindingsOf(containerOf({ podLabels: { app: "web" } }))).toEqual(["not", "pods", "space"]);
  });

  it("names the bindings that go by labels of namespaces, for as long as there are some [rules S-6]", () => {
    const book = bookOf();
    const selected = (namespaceSelector: object): object => binding([{ ruleID: "R1" }], { namespaceSelector });
    book.set("all", binding([{ ruleID: "R1" }]));
    const exists = { key: "kubernetes.io/metadata.name", operator: "Exists" };
    book.set("name", selected({ matchLabels: { "kubernetes.io/metadata.name": "shop" }, matchExpressions: [exists] }));
    expect(book.byNamespaceLabels).toEqual([]);
    book.set("label", selected({ matchLabels: { team: "a" } }));
    expect(book.byNamespaceLabels).toEqual(["label"]);
    book.set("label", selected({ matchExpressions: [{ key: "team", operator: "Exists" }] }));
    book.set("another", selected({ matchLabels: { team: "a" } }));
    expect(book.byNamespaceLabels).toEqual(["another", "label"]);
    book.remove("label");
    book.set("another", selected({}));
    expect(book.byNamespaceLabels).toEqual([]);
    const ignoring = bookOf({ ignoresBindings: true });
    ignoring.set("label", selected({ matchLabels: { team: "a" } }));
    expect(ignoring.byNamespaceLabels).toEqual([]);
  });

  it("has bindings hold for every namespace that they could select while its labels are not known [rules S-7]", () => {
    const known = new Map<string, Record<string, string>>();
    const book = bookOf({ namespaceLabels: (name) => known.get(name) });
    const name = (operator: string, ...values: readonly string[]): object => ({
      key: "kubernetes.io/metadata.name",
      operator,
      values,
    });
    const team = { key: "team", operator: "In", values: ["a"] };
    book.set("team-a", binding([{ ruleID: "R1" }], { namespaceSelector: { matchLabels: { team: "a" } } }));
    book.set(
      "team-a-of-shop",
      binding([{ ruleID: "R2" }], { namespaceSelector: { matchExpressions: [team, name("In", "shop", "store")] } }),
    );
    book.set(
      "team-a-web",
      binding([{ ruleID: "R3" }], {
        namespaceSelector: { matchExpressions: [team, name("NotIn", "kube-system")] },
        podSelector: { matchLabels: { app: "web" } },
      }),
    );
    expect(idsOf(book, { app: "web" })).toBe("R1 R2 R3");
    expect(idsOf(book, { app: "db" })).toBe("R1 R2");
    expect(idsOf(book, { app: "web" }, "other")).toBe("R1 R3");
    expect(idsOf(book, { app: "web" }, "kube-system")).toBe("R1");
    expect(book.bindingsOf(containerOf({ namespace: "shop" }))).toEqual([
      "team-a (the labels of namespace shop are not known)",
      "team-a-of-shop (the labels of namespace shop are not known)",
    ]);
    // Those of one namespace say nothing of another.
    known.set("shop", { team: "a" });
    known.set("store", { team: "b" });
    book.invalidate();
    expect(idsOf(book, { app: "web" })).toBe("R1 R2 R3");
    expect(idsOf(book, { app: "web" }, "store")).toBe("");
    expect(idsOf(book, { app: "web" }, "other")).toBe("R1 R3");
    expect(book.bindingsOf(containerOf({ namespace: "shop" }))).toEqual(["team-a", "team-a-of-shop"]);
  });

  it("never has fewer rules hold because labels are not known, whatever they are [rules S-7]", () => {
    const key = fc.constantFrom("team", "kubernetes.io/metadata.name");
    const value = fc.constantFrom("a", "shop", "store");
    const selector = fc.record({
      matchLabels: fc.dictionary(key, value),
      matchExpressions: fc.array(
        fc.record({
          key,
          operator: fc.constantFrom("In", "NotIn", "Exists", "DoesNotExist"),
          values: fc.array(value, { minLength: 1, maxLength: 2 }),
        }),
        { maxLength: 3 },
      ),
    });
    const team = fc.option(value, { nil: undefined });
    const namespace = fc.constantFrom("shop", "store");
    fc.assert(
      fc.property(fc.array(selector, { minLength: 1, maxLength: 3 }), team, namespace, (selectors, team, namespace) => {
        const labels = { "kubernetes.io/metadata.name": namespace, ...(team === undefined ? {} : { team }) };
        const [knowing, guessing] = [bookOf({ namespaceLabels: () => labels }), bookOf()];
        for (const [at, namespaceSelector] of selectors.entries()) {
          for (const book of [knowing, guessing]) {
            book.set(`b${at}`, binding([{ ruleID: `R${at + 1}` }], { namespaceSelector }));
          }
        }
        const holding = idsOf(guessing, {}, namespace);
        for (const id of idsOf(knowing, {}, namespace).split(" ")) expect(holding).toContain(id);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it("keeps a bounded number of bindings and says which was one too many [rules S-3]", () => {
    const book = bookOf({ maxBindings: 2 });
    book.set("a", binding([{ ruleID: "R1" }]));
    book.set("b", binding([{ ruleID: "R2" }]));
    expect(() => book.set("c", binding([{ ruleID: "R3" }]))).toThrow(/is too much: there may be 2 bindings/);
    book.set("b", binding([{ ruleID: "R3" }]));
    expect(idsOf(book)).toBe("R1 R3");
    book.remove("a");
    book.set("c", binding([{ ruleID: "R2" }]));
    expect(idsOf(book)).toBe("R2 R3");
    const small = bookOf({ maxSize: 1_000 });
    const large = binding([{ ruleID: "R1", parameters: { ignorePrefixes: ["/".repeat(700)] } }]);
    for (let at = 0; at < 3; at += 1) small.set("a", large);
    expect(() => small.set("b", large)).toThrow(/1000 characters together/);
    small.remove("a");
    small.set("b", large);
    expect(idsOf(small)).toBe("R1");
  });

  it("takes the highest severity and all parameters of the bindings that name a rule [rules S-2]", () => {
    const book = bookOf();
    book.set("a", binding([{ ruleID: "R2", severity: "critical", parameters: { ports: [22] } }]));
    book.set("b", binding([{ ruleTags: ["net"], severity: 2, parameters: { ports: [80] } }]));
    book.set("c", binding([{ ruleID: "R3" }]));
    const { rules: bound } = book.selectionFor(containerOf());
    expect(bound).toEqual([
      { ruleId: "R2", severity: 10, parameters: [{ ports: [22] }, { ports: [80] }] },
      { ruleId: "R3", severity: undefined, parameters: [{ ports: [80] }, {}] },
    ]);
  });

  it("goes by the id where an entry names rules in several ways, and by the name before tags [rules S-1]", () => {
    const book = bookOf();
    book.set("b", binding([{ ruleID: "R1", ruleName: "three", ruleTags: ["net"] }]));
    expect(idsOf(book)).toBe("R1");
    book.set("b", binding([{ ruleName: "three", ruleTags: ["net"] }]));
    expect(idsOf(book)).toBe("R3");
  });

  it("refuses an entry that names no rules, and holds as before [rules S-3]", () => {
    const book = bookOf();
    book.set("b", binding([{ ruleID: "R1" }]));
    expect(() => book.set("b", binding([{ severity: 5 }]))).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_DETECTION_INVALID_BINDING" }),
    );
    expect(idsOf(book)).toBe("R1");
  });

  it("gives one object for the same answer until something changes [rules S-4]", () => {
    const book = bookOf();
    book.set("b", binding([{ ruleID: "R1" }]));
    let changes = 0;
    book.onChange(() => changes++);
    const labels = { app: "web" };
    const first = book.selectionFor(containerOf({ podLabels: labels }));
    expect(book.selectionFor(containerOf({ podLabels: labels }))).toBe(first);
    // Other labels, selected by the same bindings.
    expect(book.selectionFor(containerOf({ podLabels: { app: "db" } }))).toBe(first);
    // The same labels in another namespace are looked at anew.
    expect(book.selectionFor(containerOf({ podLabels: labels, namespace: "other" }))).toBe(first);
    book.invalidate();
    expect(book.selectionFor(containerOf({ podLabels: labels }))).not.toBe(first);
    book.remove("b");
    expect([idsOf(book, labels), changes]).toEqual(["R1 R2 R3", 2]);
  });

  it("agrees with going through all bindings each time, whatever they are and however they change [rules S-1]", () => {
    const labels = fc.dictionary(fc.constantFrom("a", "b"), fc.constantFrom("1", "2"));
    const expression = fc.record({
      key: fc.constantFrom("a", "b"),
      operator: fc.constantFrom("In", "NotIn", "Exists", "DoesNotExist"),
      values: fc.array(fc.constantFrom("1", "2"), { minLength: 1, maxLength: 2 }),
    });
    const selector = fc.record({ matchLabels: labels, matchExpressions: fc.array(expression, { maxLength: 2 }) });
    const entry = fc.oneof(
      fc.record({ ruleID: fc.constantFrom("R1", "R2") }),
      fc.record({ ruleName: fc.constantFrom("two", "three") }),
      fc.record({ ruleTags: fc.subarray(["exec", "net"], { minLength: 1 }) }),
    );
    const step = fc.oneof(
      fc.tuple(
        fc.constantFrom("x", "y", "z"),
        fc.record({ podSelector: selector, rules: fc.array(entry, { maxLength: 2 }) }),
      ),
      fc.tuple(fc.constantFrom("x", "y", "z"), fc.constant(undefined)),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), fc.array(labels, { maxLength: 4 }), (steps, pods) => {
        const book = bookOf({ maxSelections: 2 });
        const now = new Map<string, object>();
        for (const [name, spec] of steps) {
          if (spec === undefined) {
            book.remove(name);
            now.delete(name);
          } else {
            book.set(name, { spec });
            now.set(name, { spec });
          }
          for (const pod of pods) expect(idsOf(book, pod)).toBe(obviousIds(now, pod));
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});

function obviousIds(bindings: ReadonlyMap<string, object>, labels: Readonly<Record<string, string>>): string {
  if (bindings.size === 0) return "R1 R2 R3";
  const ids = new Set<string>();
  for (const [name, resource] of bindings) {
    const { podSelector, entries } = parseRuleBinding(name, resource);
    const isSelected =
      Object.entries(podSelector.matchLabels).every(([key, value]) => labels[key] === value) &&
      podSelector.matchExpressions.every(({ key, operator, values }) => {
        const has = key in labels;
        const isIn = has && values.includes(labels[key] ?? "");
        return { In: isIn, NotIn: !isIn, Exists: has, DoesNotExist: !has }[operator];
      });
    if (!isSelected) continue;
    for (const { ruleId, ruleName, ruleTags = [] } of entries) {
      for (const { id, name: called, tags } of rules) {
        if (id === ruleId || called === ruleName || tags.some((tag) => ruleTags.includes(tag))) ids.add(id);
      }
    }
  }
  return [...ids].sort().join(" ");
}
