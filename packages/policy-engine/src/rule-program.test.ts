import { beforeAll, describe, expect, it } from "vitest";

import type { CelEngine } from "./cel-engine.ts";
import { loadCelEngine } from "./lazy.ts";
import type { RuleDefinition } from "./rule-definition.ts";
import { RuleProgram } from "./rule-program.ts";

const rule: RuleDefinition = {
  enabled: true,
  id: "T1",
  name: "test",
  description: "",
  expressions: {
    message: "'ran ' + event.comm",
    uniqueId: "event.comm",
    ruleExpression: [
      { eventType: "exec", expression: "event.comm == 'sh'" },
      { eventType: "exec", expression: "event.exepath == '/bin/sh'" },
    ],
  },
  profileDependency: 2,
  severity: 5,
  supportPolicy: false,
  isTriggerAlert: false,
  mitreTactic: "",
  mitreTechnique: "",
  tags: [],
};

let engine: CelEngine;
/** Expressions in the order in which they were compiled. */
let compiled: string[];

beforeAll(async () => {
  const { createCelEngine } = await loadCelEngine();
  engine = createCelEngine({ functions: {}, fields: { exec: ["comm", "exepath"], open: ["path"] } });
});

/** Counts compilations; behaves as the engine itself. */
function countingEngine(): CelEngine {
  compiled = [];
  return {
    check: (...args) => engine.check(...args),
    profileQuestions: (conditions) => engine.profileQuestions(conditions),
    compile: (expression, ...rest) => {
      compiled.push(expression);
      return engine.compile(expression, ...rest);
    },
  };
}

const exec = (comm: string, exepath: string) => ({ event: { comm, exepath }, eventType: "exec" as const });

describe("RuleProgram", () => {
  it("matches when all conditions of the event type hold", () => {
    const program = new RuleProgram(engine, rule);
    expect(program.matches(exec("sh", "/bin/sh"))).toBe(true);
    expect(program.matches(exec("sh", "/bin/ls"))).toBe(false);
    expect(program.matches(exec("ls", "/bin/sh"))).toBe(false);
    expect(program.matches({ event: {}, eventType: "dns" })).toBe(false);
    expect([program.appliesTo("exec"), program.appliesTo("dns")]).toEqual([true, false]);
    expect([program.message(exec("sh", "")), program.uniqueId(exec("sh", ""))]).toEqual(["ran sh", "sh"]);
  });

  it("compiles each expression on its first use and only then [start-up L7] [start-up L8]", () => {
    const program = new RuleProgram(countingEngine(), rule);
    expect(program.validate()).toEqual([]);
    expect(compiled).toEqual([]);
    for (let round = 0; round < 3; round++) program.matches(exec("sh", "/bin/sh"));
    expect(compiled).toHaveLength(2);
    for (let round = 0; round < 3; round++) program.message(exec("sh", ""));
    expect(compiled).toHaveLength(3);
  });

  it("names every problem of a rule with path and position, before any event [start-up L7]", () => {
    const broken: RuleDefinition = {
      ...rule,
      id: "",
      severity: 11,
      profileDependency: 7 as 0,
      state: { ignorePrefixes: "/tmp", own: 1 },
      expressions: {
        message: "1",
        uniqueId: "event.comm +",
        ruleExpression: [
          { eventType: "exec", expression: "event.nosuch == ''" },
          { eventType: "open", expression: "event.comm == ''" },
        ],
      },
    };
    expect(new RuleProgram(engine, broken).validate().map(({ path, code }) => [path, code.slice(26)])).toEqual([
      ["id", "INVALID_RULE"],
      ["severity", "INVALID_RULE"],
      ["profileDependency", "INVALID_RULE"],
      ["state.ignorePrefixes", "INVALID_RULE"],
      ["expressions.ruleExpression[0].expression", "INVALID_EXPRESSION"],
      ["expressions.ruleExpression[1].expression", "UNAVAILABLE"],
      ["expressions.message", "INVALID_EXPRESSION"],
      ["expressions.uniqueId", "INVALID_EXPRESSION"],
    ]);
  });

  describe("with a kind of event that nothing feeds", () => {
    const conditionsOf = (...ruleExpression: RuleDefinition["expressions"]["ruleExpression"]): RuleProgram =>
      new RuleProgram(engine, { ...rule, expressions: { message: "'text'", uniqueId: "'id'", ruleExpression } });

    it("runs the conditions for other kinds and names those that do not run [cel U-1]", () => {
      const program = conditionsOf(
        { eventType: "http", expression: "event.path == '/login'" },
        { eventType: "exec", expression: "event.comm == 'sh'" },
      );
      expect(program.validate()).toEqual([]);
      expect(program.unfed).toMatchObject([
        {
          code: "KINGLET_ERR_POLICY_ENGINE_UNAVAILABLE",
          path: "expressions.ruleExpression[0].expression",
          message: "1:1 no source feeds events of type http",
        },
      ]);
      expect([program.appliesTo("exec"), program.appliesTo("http")]).toEqual([true, false]);
      expect(program.matches(exec("sh", ""))).toBe(true);
      expect(program.matches({ event: { path: "/login" }, eventType: "http" })).toBe(false);
    });

    it("runs no condition for a kind without the others for it, which would alert of more [cel U-1]", () => {
      const program = conditionsOf(
        { eventType: "exec", expression: "event.comm == 'sh'" },
        { eventType: "exec", expression: "event.upperlayer" },
        { eventType: "open", expression: "event.path == '/etc/shadow'" },
      );
      expect(program.validate()).toEqual([]);
      expect(program.unfed.map(({ message }) => message)).toEqual([
        "1:1 field event.upperlayer is not available in this build of the sensor",
      ]);
      expect([program.matches(exec("sh", "/bin/sh")), program.requiredFields("exec")]).toEqual([false, []]);
      expect(program.matches({ event: { path: "/etc/shadow" }, eventType: "open" })).toBe(true);
    });

    it("is refused when nothing is left, when a condition over every kind is not fed, and when one is wrong [cel U-1]", () => {
      const fed = { eventType: "exec", expression: "event.comm == 'sh'" } as const;
      for (const other of [
        [{ eventType: "http", expression: "true" }],
        [
          { eventType: "http", expression: "true" },
          { eventType: "ssh", expression: "true" },
        ],
        [fed, { eventType: "all", expression: "true" }],
        [fed, { eventType: "open", expression: "event.path ==" }],
        [fed, { eventType: "http", expression: "true" }, { eventType: "open", expression: "1" }],
      ] as const) {
        const program = conditionsOf(...other);
        expect([program.validate().length > 0, program.unfed]).toEqual([true, []]);
      }
    });

    it("takes a text that asks for fields of the kind that does not run [cel U-1]", () => {
      const expressions = {
        message: "eventType == 'http' ? event.path : event.comm",
        uniqueId: "event.comm",
        ruleExpression: [
          { eventType: "exec", expression: "true" },
          { eventType: "http", expression: "true" },
        ],
      } as const;
      const program = new RuleProgram(engine, { ...rule, expressions });
      expect([program.validate(), program.unfed.length, program.message(exec("sh", ""))]).toEqual([[], 1, "sh"]);
    });

    it("says nothing more of conditions over variables that only such events have, and names a text that asks for them [cel U-1]", () => {
      const expressions = {
        message: "'asked for ' + http.request.path",
        uniqueId: "event.comm",
        ruleExpression: [
          { eventType: "exec", expression: "true" },
          { eventType: "http", expression: "http.request.method == 'POST'" },
        ],
      } as const;
      const program = new RuleProgram(engine, { ...rule, expressions });
      expect([program.validate(), program.unfed.map(({ path }) => path)]).toEqual([
        [],
        ["expressions.ruleExpression[1].expression", "expressions.message"],
      ]);
      expect(program.matches(exec("sh", ""))).toBe(true);
    });
  });

  it("refuses a declaration of profile data that is not understood, and takes each form that is", () => {
    const problemsOf = (profileDataRequired: unknown): readonly (string | undefined)[] => {
      const declared = { ...rule, profileDataRequired } as RuleDefinition;
      return new RuleProgram(engine, declared).validate().map(({ path }) => path);
    };
    const patterns = [{ exact: "/bin/sh" }, { prefix: "/etc/" }, { suffix: ".so" }, { contains: "tmp" }];
    expect(
      problemsOf({ execs: "all", opens: patterns, egressDomains: "all", ingressAddresses: [{ exact: "" }] }),
    ).toEqual([]);
    expect(problemsOf({})).toEqual([]);
    expect(problemsOf({ exec: "all", opens: "any", execs: [], syscalls: [{ exact: "a", prefix: "b" }] })).toEqual([
      "profileDataRequired.exec",
      "profileDataRequired.opens",
      "profileDataRequired.execs",
      "profileDataRequired.syscalls",
    ]);
    expect(problemsOf({ opens: [{ regex: "x" }], endpoints: [null], capabilities: [{ exact: 1 }] })).toHaveLength(3);
  });

  it("says whether conditions only hand the arguments of an execution on", async () => {
    const { createCelEngine } = await loadCelEngine();
    const asking = createCelEngine({ functions: { "cp.was_executed_with_args": () => true } });
    const only = (...expressions: readonly string[]): boolean => {
      const ruleExpression = expressions.map((expression) => ({ eventType: "exec" as const, expression }));
      const program = new RuleProgram(asking, { ...rule, expressions: { ...rule.expressions, ruleExpression } });
      return program.onlyPassesArguments("exec");
    };
    const asks = "!cp.was_executed_with_args(event.containerId, event.exepath, event.args)";
    expect(only(asks)).toBe(true);
    expect(only(asks.replace("cp.", "ap."), "event.comm == 'sh'")).toBe(true);
    expect(only(`has(event.args) && (${asks} || ${asks})`)).toBe(true);
    expect(only(`['/a'].exists(x, cp.was_executed_with_args(event.containerId, x, event.args))`)).toBe(true);
    expect(only("event.comm == 'sh'")).toBe(false);
    expect(only("has(event.args)")).toBe(false);
    expect(only(`${asks} && event.args.size() == 1`)).toBe(false);
    expect(only(asks, "event.args[0] == 'x'")).toBe(false);
    expect(only(asks.replace("event.args", "event.args.filter(x, x != '')"))).toBe(false);
    expect(only(asks.replace("event.args", "['x']"))).toBe(false);
  });

  it("refuses a rule without a condition", () => {
    const empty = { ...rule, expressions: { ...rule.expressions, ruleExpression: [] } };
    expect(new RuleProgram(engine, empty).validate()).toMatchObject([{ path: "expressions.ruleExpression" }]);
  });

  it("throws when an expression that was never validated does not compile, instead of not matching [start-up L7]", () => {
    const conditions = [{ eventType: "exec" as const, expression: "nosuch(1)" }];
    const broken = { ...rule, expressions: { ...rule.expressions, ruleExpression: conditions } };
    expect(() => new RuleProgram(engine, broken).matches(exec("sh", ""))).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_POLICY_ENGINE_INVALID_EXPRESSION" }),
    );
  });
});
