import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";

import type { CelEngine, CelEngineModule, RuleVariables } from "./cel-engine.ts";
import { celFunctionDeclarations, type CelFunctionName, type CelFunctions, type CelType } from "./cel-functions.ts";
import { loadCelEngine } from "./lazy.ts";
import { pureCelFunctions } from "./pure-cel-functions.ts";

let createCelEngine: CelEngineModule["createCelEngine"];
let engine: CelEngine;

const executed: CelFunctions = { "cp.was_executed": (_containerId, path) => path === "/bin/ls" };

beforeAll(async () => {
  const loaded = await loadCelEngine();
  createCelEngine = loaded.createCelEngine;
  engine = createCelEngine({
    functions: { ...pureCelFunctions, ...executed },
    fields: { exec: ["comm", "containerId", "exepath", "pid", "uid"] },
  });
});

const variables: RuleVariables = {
  event: { containerId: "c1", exepath: "/bin/sh", comm: "sh", pid: 12, uid: -1, args: ["-c", "id"] },
  eventType: "exec",
};

const textOf = (expression: string, type: "bool" | "string" = "bool"): string[] =>
  engine.check(expression, type, "exec").map(({ code, line, column, message }) => {
    return `${code.replace("KINGLET_ERR_POLICY_ENGINE_", "")} ${line}:${column} ${message}`;
  });

describe("CelEngine", () => {
  it("evaluates over the variables event and eventType", () => {
    const value = (expression: string): unknown => engine.compile(expression, "bool").evaluate(variables);
    expect(value("event.comm == 'sh' && eventType == 'exec'")).toBe(true);
    expect(value("event.pid == 12u && event.args.size() == 2 && event.args.exists(a, a == 'id')")).toBe(true);
    expect(value("event.exepath.startsWith('/bin/') && !event.comm.contains('x')")).toBe(true);
  });

  it("sees the next event although variables and event are the same objects", () => {
    const event = { comm: "sh" };
    const reused: RuleVariables = { event, eventType: "exec" };
    const compiled = engine.compile("event.comm", "string");
    expect(compiled.evaluate(reused)).toBe("sh");
    event.comm = "ls";
    expect(compiled.evaluate(reused)).toBe("ls");
  });

  it("treats a field without a value as absent", () => {
    const value = (expression: string): unknown => engine.compile(expression, "bool").evaluate(variables);
    expect(value("has(event.uid)")).toBe(false);
    expect(value("has(event.path)")).toBe(false);
    expect(value("has(event.comm)")).toBe(true);
    expect(() => value("event.path == ''")).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_POLICY_ENGINE_EVALUATION" }),
    );
  });

  describe("check", () => {
    it("reports every independent problem with its position", () => {
      const expression = "ap.was_executed(event.foo, event.bar)\n  && nosuch(1) && event.comm == 1 || size(1) > 0";
      expect(textOf(expression)).toEqual([
        "INVALID_EXPRESSION 1:23 No such key: foo",
        "INVALID_EXPRESSION 1:34 No such key: bar",
        "INVALID_EXPRESSION 2:6 found no matching overload for 'nosuch(int)'",
        "INVALID_EXPRESSION 2:19 no such overload: string == int",
        "INVALID_EXPRESSION 2:38 found no matching overload for 'size(int)'",
      ]);
    });

    it("reports a syntax error with its position", () => {
      expect(textOf("event.comm ==\n  ) 1")).toEqual(["INVALID_EXPRESSION 2:3 Unexpected token: RPAREN"]);
      expect(textOf("")).toEqual(["INVALID_EXPRESSION 1:1 Unexpected token: EOF"]);
    });

    it("demands the type that is needed", () => {
      expect(textOf("event.comm")).toEqual(["INVALID_EXPRESSION 1:1 the expression yields string, bool is needed"]);
      expect(textOf("true", "string")).toEqual(["INVALID_EXPRESSION 1:1 the expression yields bool, string is needed"]);
    });

    it("refuses functions without an implementation and fields without a source", () => {
      expect(textOf("ap.was_syscall_used('', 'x') || event.args[0] == '' || has(event.path)")).toEqual([
        "UNAVAILABLE 1:1 function ap.was_syscall_used is not available in this build of the sensor",
        "UNAVAILABLE 1:33 field event.args is not available in this build of the sensor",
      ]);
      expect(textOf("[1].exists(x, nn.is_domain_in_egress('', 'a'))")).toHaveLength(1);
    });

    it("refuses event types without a source", () => {
      expect(engine.check("true", "bool", "dns")).toMatchObject([{ code: "KINGLET_ERR_POLICY_ENGINE_UNAVAILABLE" }]);
    });

    it("refuses matches() but with simple patterns, because the library's runs on a backtracking engine [cel M-1]", () => {
      expect(textOf("event.comm.matches('(a+)+b')")).toHaveLength(1);
      expect(textOf("event.comm.matches(event.comm)")).toHaveLength(1);
      expect(textOf("event.comm.matches('a+') && event.comm.lowerAscii() == 'a'")).toHaveLength(1);
      expect(textOf("event.comm.matches('^s[a-z]$')")).toEqual([]);
      const value = (expression: string): unknown => engine.compile(expression, "bool").evaluate(variables);
      expect([value("event.comm.matches('^s[a-z]$')"), value("event.exepath.matches('/[0-9]+')")]).toEqual([
        true,
        false,
      ]);
    });

    it("does not know the name that the engine uses to reach the type checker", () => {
      expect(textOf("kingletProbe(true)")).toEqual(["INVALID_EXPRESSION 1:1 unknown function kingletProbe"]);
    });

    it("bounds length, size, depth, literals and nested comprehensions", () => {
      const limit = (expression: string): string | undefined => engine.check(expression, "bool")[0]?.code;
      const code = "KINGLET_ERR_POLICY_ENGINE_LIMIT";
      expect(limit(`'${"a".repeat(4096)}' == ''`)).toBe(code);
      expect(limit(`true${" && true".repeat(509)}`)).toBe(code);
      expect(limit(`${"!".repeat(4000)}true`)).toBe(code);
      expect(limit(`${"(".repeat(200)}true${")".repeat(200)}`)).toBe(code);
      expect(limit(`1 in [${"1,".repeat(300)}1]`)).toBe(code);
      expect(limit("[1].all(x, [1].all(y, [1].all(z, z == y)))")).toBe(code);
      expect(limit("[1].all(x, [1].all(y, x == y))")).toBeUndefined();
    });

    it("never throws, whatever the text", () => {
      const word = fc.constantFrom(
        ..."event . comm ( ) [ ] { } , : ? ! && || == + - 'a' 1 2u 1.5 has all x map ap was_executed null true in \\ \" \n".split(
          " ",
        ),
      );
      fc.assert(
        fc.property(
          fc.oneof(
            fc.string(),
            fc.array(word, { maxLength: 30 }).map((words) => words.join(" ")),
          ),
          (text) => {
            const problems = engine.check(text, "bool", "exec");
            for (const { start, end, line, column } of problems) {
              expect(start).toBeGreaterThanOrEqual(0);
              expect(end).toBeGreaterThanOrEqual(start);
              expect(Math.min(line, column)).toBeGreaterThanOrEqual(1);
            }
            if (problems.length === 0) engine.compile(text, "bool", "exec");
          },
        ),
        { seed: 1, numRuns: 2_000 },
      );
    });
  });

  describe("compile", () => {
    it("throws a coded error that carries all problems", () => {
      expect(() => engine.compile("nosuch(1) || other(2)", "bool")).toThrow(
        expect.objectContaining({
          code: "KINGLET_ERR_POLICY_ENGINE_INVALID_EXPRESSION",
          details: expect.objectContaining({ problems: [expect.anything(), expect.anything()] }),
        }),
      );
      expect(() => engine.compile("ap.was_syscall_used('', 'x')", "bool")).toThrow(
        expect.objectContaining({ code: "KINGLET_ERR_POLICY_ENGINE_UNAVAILABLE" }),
      );
    });
  });

  describe("functions", () => {
    const literals: Readonly<Record<CelType, string>> = {
      string: "'a'",
      bool: "true",
      int: "1",
      uint: "1u",
      "list<string>": "['a']",
      "map<string, string>": "{'a': 'b'}",
    };
    const results: Readonly<Record<CelType, unknown>> = {
      string: "r",
      bool: true,
      int: 1,
      uint: 1,
      "list<string>": ["r"],
      "map<string, string>": { r: "r" },
    };
    const arrived: Readonly<Record<CelType, unknown>> = { ...results, string: "a", "list<string>": ["a"] };
    const names = Object.keys(celFunctionDeclarations) as CelFunctionName[];

    it.each(names)("%s is declared as its table row says and gets its arguments", (name) => {
      const { params, returns } = celFunctionDeclarations[name];
      const calls: unknown[][] = [];
      const functions = {
        [name]: (...args: unknown[]) => {
          calls.push(args);
          return results[returns];
        },
      } as CelFunctions;
      const call = `${name}(${params.map((type) => literals[type]).join(", ")})`;
      const expression = { bool: call, string: `${call} == 'r'` }[returns as "bool"] ?? `size(${call}) == 1`;
      expect(createCelEngine({ functions }).compile(expression, "bool").evaluate(variables)).toBe(true);
      expect(calls).toEqual([params.map((type) => arrived[type])]);
      // One argument less, and each argument of another type.
      expect(
        engine.check(
          `${name}(${params
            .slice(1)
            .map((type) => literals[type])
            .join(", ")})`,
          "bool",
        ),
      ).not.toEqual([]);
      for (const at of params.keys()) {
        const wrong = params.map((type, index) => (index === at ? "1.5" : literals[type])).join(", ");
        expect(createCelEngine({ functions }).check(`${name}(${wrong}) == ${name}(${wrong})`, "bool")).not.toEqual([]);
      }
    });

    it("fails with a code when an argument turns out to be of the wrong type", () => {
      const run = (expression: string) => () => engine.compile(expression, "bool").evaluate(variables);
      const wrongArgument = expect.objectContaining({ code: "KINGLET_ERR_POLICY_ENGINE_ARGUMENT" });
      expect(run("ap.was_executed(dyn(1), 'x')")).toThrow(wrongArgument);
      expect(run("parse.get_exec_path([dyn('a'), dyn(1)], 'x') == 'a'")).toThrow(wrongArgument);
    });

    it("fails with a code and the cause when an implementation throws", () => {
      const cause = new Error("inside");
      const failing = createCelEngine({
        functions: {
          "net.is_private_ip": () => {
            throw cause;
          },
        },
      });
      expect(() => failing.compile("net.is_private_ip('')", "bool").evaluate(variables)).toThrow(
        expect.objectContaining({ code: "KINGLET_ERR_POLICY_ENGINE_EVALUATION", cause }),
      );
    });

    it("stops an evaluation whose calls cost too much, also where CEL would absorb the error", () => {
      const costly = createCelEngine({ functions: executed, limits: { maxCost: 15 * 4 } });
      const run = (count: number): unknown => {
        const list = Array.from({ length: count }, () => "'/bin/sh'").join(", ");
        const expression = `[${list}].exists(path, ap.was_executed('', path)) || true`;
        return costly.compile(expression, "bool").evaluate(variables);
      };
      expect(run(4)).toBe(true);
      expect(() => run(5)).toThrow(expect.objectContaining({ code: "KINGLET_ERR_POLICY_ENGINE_COST" }));
      expect(run(4)).toBe(true);
    });
  });
});

describe("pureCelFunctions", () => {
  const holds = (expression: string): unknown => engine.compile(expression, "bool").evaluate(variables);

  it.each([
    ["10.1.2.3", true],
    ["127.0.0.1", true],
    ["172.16.0.1", true],
    ["172.31.255.255", true],
    ["172.32.0.1", false],
    ["192.168.1.1", true],
    ["192.169.1.1", false],
    ["169.254.1.1", true],
    ["224.0.0.1", true],
    ["255.255.255.255", true],
    ["128.0.0.1", false],
    ["203.0.113.1", false],
    ["1.10.0.0.1", false],
    ["::ffff:255.255.255.255", true],
    ["::ffff:203.0.113.1", false],
    ["240.0.0.1", true],
    ["8.8.8.8", false],
    ["256.1.1.1", false],
    ["10.1.2", false],
    ["invalid", false],
    ["", false],
    ["::1", true],
    ["fd00::1", true],
    ["fe80::1", true],
    ["ff02::1", true],
    ["::ffff:10.0.0.1", true],
    ["::ffff:8.8.8.8", false],
    ["2001:4860:4860::8888", false],
    ["::", false],
    ["1::2::3", false],
    [":1", false],
  ])("net.is_private_ip(%j) is %s", (ip, expected) => {
    expect(holds(`net.is_private_ip('${ip}')`)).toBe(expected);
  });

  it.each([
    ["parse.get_exec_path(['/bin/ls', '-la'], 'ls')", "/bin/ls"],
    ["parse.get_exec_path(['', '-la'], 'ls')", "ls"],
    ["parse.get_exec_path([], 'ls')", "ls"],
    ["parse.get_exec_path(['ls'], 'ls', '/bin/ls')", "/bin/ls"],
    ["parse.get_exec_path(['ls'], 'x', '')", "ls"],
    ["parse.resolve_path('/usr/../data/x', '/')", "/data/x"],
    ["parse.resolve_path('/proc/self/cwd/x', '/data')", "/data/x"],
  ])("%s is %s", (expression, expected) => {
    expect(holds(`${expression} == '${expected}'`)).toBe(true);
  });
});
