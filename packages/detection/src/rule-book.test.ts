import type { RuleDefinition } from "@kinglet/policy-engine";
import { describe, expect, it } from "vitest";

import { ruleOf } from "../test/rules.ts";
import { RuleBook } from "./rule-book.ts";

const resource = (...rules: readonly RuleDefinition[]): object => ({ spec: { rules } });
const said = (book: RuleBook): readonly string[] => book.rules.map(({ id, name }) => `${id} ${name}`);

describe("RuleBook", () => {
  it("has rules of resources replace the built-in ones by id, and come back when they go [rules B-1]", () => {
    const book = new RuleBook({ builtin: [ruleOf("R1"), ruleOf("R2")] });
    let changes = 0;
    book.onChange(() => changes++);
    expect(book.set("shop/own", resource(ruleOf("R2", { name: "own" }), ruleOf("A1")))).toEqual([]);
    expect(said(book)).toEqual(["A1 rule A1", "R1 rule R1", "R2 own"]);
    book.remove("shop/own");
    expect(said(book)).toEqual(["R1 rule R1", "R2 rule R2"]);
    expect(changes).toBe(2);
  });

  it("leaves out what is disabled, also by a resource [rules B-1]", () => {
    const book = new RuleBook({ builtin: [ruleOf("R1"), ruleOf("R2", { enabled: false })] });
    expect(said(book)).toEqual(["R1 rule R1"]);
    book.set("a", resource(ruleOf("R1", { enabled: false }), ruleOf("R2", { name: "on" })));
    expect(said(book)).toEqual(["R2 on"]);
  });

  it("leaves out what asks for another version of the agent, as if it were not there [rules B-1]", () => {
    const book = new RuleBook({ builtin: [ruleOf("R1")], agentVersion: "1.2.0" });
    book.set(
      "a",
      resource(
        ruleOf("R1", { name: "newer", agentVersionRequirement: ">=2" }),
        ruleOf("R2", { agentVersionRequirement: "^1" }),
      ),
    );
    expect(said(book)).toEqual(["R1 rule R1", "R2 rule R2"]);
  });

  it("reports rules of the wrong shape with their place, and takes the others [rules B-2]", () => {
    const book = new RuleBook({ builtin: [] });
    const problems = book.set("a", { spec: { rules: [{ id: 7 }, ruleOf("R1")] } });
    expect(problems.map(({ path }) => path)).toContain("spec.rules[0].id");
    expect(book.problems().get("a")).toEqual(problems);
    expect(said(book)).toEqual(["R1 rule R1"]);
    expect(book.set("b", 5)).toMatchObject([{ path: "spec.rules" }]);
    expect(book.set("b", resource())).toEqual([]);
    expect([...book.problems().keys()]).toEqual(["a"]);
  });

  it("lets the first of two resources win, whatever their order, and says so of the other [rules B-2]", () => {
    for (const order of [
      ["a", "b"],
      ["b", "a"],
    ]) {
      const book = new RuleBook({ builtin: [] });
      for (const name of order) book.set(name, resource(ruleOf("R1", { name })));
      expect(said(book)).toEqual(["R1 a"]);
      expect([...book.problems()]).toMatchObject([["b", [{ path: "rule R1" }]]]);
    }
  });

  it("keeps a rule the same object, and the list, and silence, when nothing changed [rules B-3]", () => {
    const book = new RuleBook({ builtin: [ruleOf("R0")] });
    book.set("a", resource(ruleOf("R1"), ruleOf("R2")));
    const { rules } = book;
    let changes = 0;
    const stop = book.onChange(() => changes++);
    book.set("a", structuredClone(resource(ruleOf("R1"), ruleOf("R2"))));
    expect([book.rules === rules, changes]).toEqual([true, 0]);
    book.set("a", structuredClone(resource(ruleOf("R1"), ruleOf("R2", { severity: 9 }))));
    expect([book.rules[1] === rules[1], book.rules[2] === rules[2], changes]).toEqual([true, false, 1]);
    stop();
    book.remove("a");
    expect(changes).toBe(1);
  });

  it("names the enabled built-in rules that others stand in the place of, to fall back on [rules B-6]", () => {
    const builtin = [ruleOf("R0"), ruleOf("R1"), ruleOf("R2", { enabled: false }), ruleOf("R3")];
    const book = new RuleBook({ builtin });
    expect(book.replaced).toEqual([]);
    book.set("a", resource(ruleOf("R1", { severity: 9 }), ruleOf("R2"), ruleOf("R3", { enabled: false })));
    expect(book.replaced).toEqual([builtin[1]]);
    expect([book.fallbackFor("R1") === builtin[1], book.fallbackFor("R2"), book.fallbackFor("A")]).toEqual([
      true,
      undefined,
      undefined,
    ]);
  });

  it("bounds the rules of all resources together [rules B-2]", () => {
    const book = new RuleBook({ builtin: [ruleOf("R0")], maxRules: 2 });
    expect(book.set("a", resource(ruleOf("R1"), ruleOf("R2"), ruleOf("R3")))).toMatchObject([{ path: "rule R3" }]);
    expect(book.rules.map(({ id }) => id)).toEqual(["R0", "R1", "R2"]);
  });

  it("keeps a bounded amount of rules and of what is wrong with them, and says which resource was too much [rules B-2]", () => {
    const book = new RuleBook({ builtin: [ruleOf("R1")], maxSize: 4_000 });
    const large = (id: string): object => resource(ruleOf(id, { description: "x".repeat(2_000) }));
    for (let round = 0; round < 3; round += 1) expect(book.set("a", large("A1"))).toEqual([]);
    const [problem] = book.set("b", large("R1"));
    expect(problem?.message).toBe("is too much: all resources together may have 4000 characters of rules");
    expect([said(book), [...book.problems().keys()]]).toEqual([["A1 rule A1", "R1 rule R1"], ["b"]]);
    book.remove("a");
    expect(book.set("b", large("B1"))).toEqual([]);
    expect(said(book)).toEqual(["B1 rule B1", "R1 rule R1"]);
    for (let at = 0; at < 100; at += 1) book.set(`wrong-${at}`, resource({ id: 7 } as unknown as RuleDefinition));
    const told = [...book.problems().values()];
    expect(told).toHaveLength(100);
    expect(JSON.stringify(told).length).toBeLessThan(100 * 200 + 4_000);
  });

  it("keeps the rules that held when a change of theirs is too much, however full others made it [rules B-2]", () => {
    const book = new RuleBook({ builtin: [], maxSize: 5_000 });
    const large = (id: string, length: number): RuleDefinition => ruleOf(id, { description: "x".repeat(length) });
    const tenant = resource(large("T1", 3_000));
    expect(book.set("admin/rules", resource(ruleOf("A1")))).toEqual([]);
    expect(book.set("tenant/rules", tenant)).toEqual([]);
    const { rules } = book;
    const changed = resource(ruleOf("A1"), large("A2", 2_000));
    for (let round = 0; round < 3; round += 1) {
      const [problem] = book.set("admin/rules", changed);
      expect(problem?.message).toMatch(/^is too much: .*; what it was before holds$/);
      expect([book.rules === rules, said(book)]).toEqual([true, ["A1 rule A1", "T1 rule T1"]]);
    }
    // What is kept still counts, and is gone with its resource.
    expect(book.set("tenant/rules", resource(large("T1", 4_500)))).toHaveLength(1);
    expect(book.set("admin/rules", resource(ruleOf("A1", { severity: 9 })))).toEqual([]);
    book.remove("tenant/rules");
    expect(book.set("admin/rules", changed)).toEqual([]);
    expect(said(book)).toEqual(["A1 rule A1", "A2 rule A2"]);
    book.remove("admin/rules");
    expect([said(book), book.set("b", resource(large("B1", 4_000)))]).toEqual([[], []]);
  });
});
