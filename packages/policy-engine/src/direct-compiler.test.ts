import { hasCode } from "@kinglet/errors";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";

import type { CelEngine, CelEngineOptions, RuleVariables } from "./cel-engine.ts";
import type { CelFunctions } from "./cel-functions.ts";
import { loadCelEngine } from "./lazy.ts";
import { pureCelFunctions } from "./pure-cel-functions.ts";

const functions: CelFunctions = {
  ...pureCelFunctions,
  "cp.was_executed": (_containerId, path) => path === "/bin/ls",
  "cp.was_executed_with_args": (_containerId, path, args) => path === "/bin/ls" && args.length === 1,
  "cp.was_syscall_used": (_containerId, name) => {
    if (name === "a") throw new Error("the profile is gone");
    return name === "ab";
  },
  "cp.was_address_port_protocol_in_egress": (_containerId, address, port) => address === "a" && port === 80,
  "k8s.get_container_mount_paths": () => ["/a", "/bin"],
};

let direct: CelEngine;
let interpreted: CelEngine;
/** With the bounds that are in force outside of tests. */
let bounded: CelEngine;
let boundedInterpreted: CelEngine;

beforeAll(async () => {
  const { createCelEngine } = await loadCelEngine();
  const options: CelEngineOptions = {
    functions,
    limits: {
      maxNodes: 5_000,
      maxDepth: 200,
      maxLength: 65_536,
      maxComprehensionDepth: 20,
      maxMade: Number.POSITIVE_INFINITY,
      maxSteps: Number.POSITIVE_INFINITY,
    },
  };
  direct = createCelEngine(options);
  interpreted = createCelEngine({ ...options, isInterpreted: true });
  bounded = createCelEngine({ functions });
  boundedInterpreted = createCelEngine({ functions, isInterpreted: true });
});

/** The value, or the code of the error. */
function outcome(engine: CelEngine, expression: string, type: "bool" | "string", variables: RuleVariables): unknown {
  try {
    return engine.compile(expression, type).evaluate(variables);
  } catch (error) {
    return hasCode(error, "KINGLET_ERR_POLICY_ENGINE_EVALUATION") ? error.code : String(error);
  }
}

const affix = fc.constantFrom("startsWith", "endsWith");
const literal = fc.constantFrom("''", "'a'", "'b'", "'ab'", "'ba'", "'bin/ls'", "'/bin/ls'", "'/bin/lsa'", "'\u0161'");
const literals = fc.array(literal, { maxLength: 3 }).map((list) => `[${list.join(", ")}]`);
const { text, bool } = fc.letrec<{ text: string; whole: string; list: string; bool: string }>((tie) => ({
  text: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(
      "'a'",
      "'ab'",
      "''",
      "'/bin/ls'",
      "event.comm",
      "event.exepath",
      "event.path",
      "eventType",
      "event.args[0]",
    ),
    fc.tuple(tie("text"), tie("text")).map(([a, b]) => `(${a} + ${b})`),
    fc.tuple(tie("bool"), tie("text"), tie("text")).map(([c, a, b]) => `(${c} ? ${a} : ${b})`),
    tie("whole").map((a) => `string(${a})`),
    fc.tuple(tie("list"), tie("text")).map(([a, b]) => `parse.get_exec_path(${a}, ${b})`),
  ),
  whole: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom("0", "80", "2", "event.dstPort", "event.opcode"),
    tie("list").map((a) => `size(${a})`),
    tie("list").map((a) => `${a}.size()`),
  ),
  list: fc.constantFrom(
    "event.args",
    "event.flags",
    "['a', 'ab']",
    "['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'ab']",
    "k8s.get_container_mount_paths('', '', '')",
  ),
  bool: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom(
      "true",
      "false",
      "has(event.comm)",
      "has(event.path)",
      "has(event.pid)",
      "event.pid == 7u",
      "event.upperlayer",
    ),
    tie("bool").map((a) => `!(${a})`),
    fc.tuple(tie("bool"), fc.constantFrom("&&", "||"), tie("bool")).map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc.tuple(tie("text"), fc.constantFrom("==", "!="), tie("text")).map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc
      .tuple(tie("whole"), fc.constantFrom("==", "!=", "<", "<=", ">", ">="), tie("whole"))
      .map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc
      .tuple(tie("text"), fc.constantFrom("startsWith", "endsWith", "contains"), tie("text"))
      .map(([a, call, b]) => `${a}.${call}(${b})`),
    fc.tuple(tie("text"), tie("list")).map(([a, b]) => `(${a} in ${b})`),
    fc
      .tuple(tie("list"), fc.constantFrom("exists", "all"), tie("bool"))
      .map(([a, call, b]) => `${a}.${call}(x, x == 'ab' || ${b})`),
    fc
      .tuple(tie("list"), fc.constantFrom("exists", "all"), tie("text"))
      .map(([a, call, b]) => `${a}.${call}(x, ${b}.startsWith(x))`),
    fc
      .tuple(
        literals,
        fc.constantFrom("exists", "all"),
        fc.constantFrom("event.path", "event.comm", "x", "'abc'"),
        affix,
      )
      .map(([a, call, b, test]) => `${a}.${call}(x, ${b}.${test}(x))`),
    fc.tuple(tie("text"), affix, literal).map(([a, test, b]) => `${a}.${test}(${b})`),
    tie("text").map((a) => `cp.was_executed(event.containerId, ${a})`),
    fc.tuple(tie("text"), tie("list")).map(([a, b]) => `ap.was_executed_with_args(event.containerId, ${a}, ${b})`),
    tie("text").map((a) => `ap.was_syscall_used(event.containerId, ${a})`),
    fc
      .tuple(tie("text"), tie("whole"))
      .map(([a, b]) => `nn.was_address_port_protocol_in_egress('', ${a}, ${b}, 'TCP')`),
    fc.tuple(tie("bool"), tie("bool"), tie("bool")).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
  ),
}));

const word = fc.constantFrom("", "a", "ab", "/bin/ls", "b");
const event = fc.record(
  {
    containerId: fc.constant("c"),
    comm: word,
    exepath: word,
    path: fc.option(word, { nil: undefined }),
    args: fc.option(fc.array(word, { maxLength: 2 }), { nil: undefined }),
    flags: fc.array(word, { maxLength: 3 }),
    dstPort: fc.constantFrom(undefined, 0, 2, 80),
    opcode: fc.constantFrom(-1, 5),
    pid: fc.constantFrom(-1, 7),
    upperlayer: fc.constantFrom(undefined, true, false),
  },
  { requiredKeys: ["containerId", "comm", "exepath", "flags", "opcode", "pid"] },
);

describe("compileDirectly", () => {
  it("answers and fails as the library does, whatever the expression and the event [cel E-1]", () => {
    const expression = fc.oneof(
      bool.map((source) => ({ source, type: "bool" as const })),
      text.map((source) => ({ source, type: "string" as const })),
    );
    fc.assert(
      fc.property(expression, fc.array(event, { minLength: 1, maxLength: 4 }), ({ source, type }, events) => {
        for (const one of events) {
          const variables: RuleVariables = { event: one, eventType: "exec" };
          expect([source, outcome(direct, source, type, variables)]).toEqual([
            source,
            outcome(interpreted, source, type, variables),
          ]);
        }
      }),
      { seed: 1, numRuns: 3_000 },
    );
  });

  it.each([
    "event.args.exists(x, event.args.exists(y, x != y))",
    "event.args.exists(event, event == 'ab')",
    "event.args.all(cp, cp.startsWith('a'))",
    "event.args.filter(x, x == 'ab').size() == 1",
    "event.args.map(x, x + 'b').exists(x, x == 'ab')",
    "event.args.exists_one(x, x == 'ab')",
    "dyn(event.comm) == 'ab'",
    "event.comm.lowerAscii() == 'ab' && event.comm.charAt(0) == 'a' && event.comm.replace('a', 'c') == 'cb'",
    "{'a': 1}['a'] == 1 && 1 + 1 == 2 && 5 in [5]",
    "event.args[event.args.size() - 1] == 'ab'",
    "event.dstPort in [80, 443]",
    "event.comm < 'b'",
  ])("%s, which is partly for the library, is the same either way [cel E-1]", (source) => {
    for (const args of [["a", "ab"], ["ab"], [], undefined]) {
      const variables: RuleVariables = { event: { comm: "ab", args, dstPort: 80 }, eventType: "exec" };
      const wanted = outcome(interpreted, source, "bool", variables);
      expect(outcome(direct, source, "bool", variables)).toEqual(wanted);
    }
  });

  it("tells beginnings and ends of texts of any length as the library does [cel E-1]", () => {
    const pieces = ["", "/", ".", "/proc/", "/etc/shadow", ".svc.cluster.local.", "\u0161", "\ud83d", "\u{1f600}"];
    const paths = pieces.flatMap((one) => pieces.flatMap((other) => [one + other, `${one}x${other}`]));
    const list = pieces.map((piece) => `'${piece}'`).filter((piece) => !piece.includes("\ud83d'"));
    for (const test of ["startsWith", "endsWith"]) {
      const all = [...list.map((piece) => `event.path.${test}(${piece})`)];
      for (const some of [list, list.slice(1), list.slice(3), []]) {
        all.push(`[${some.join(", ")}].exists(x, event.path.${test}(x))`);
        all.push(`[${some.join(", ")}].exists(event, event.${test}('a'))`);
      }
      for (const source of all) {
        for (const path of [...paths, undefined]) {
          const variables: RuleVariables = { event: { path }, eventType: "open" };
          const wanted = outcome(interpreted, source, "bool", variables);
          expect([source, path, outcome(direct, source, "bool", variables)]).toEqual([source, path, wanted]);
        }
      }
    }
  });

  it("charges for functions as the library does [cel E-2]", async () => {
    const { createCelEngine } = await loadCelEngine();
    for (const isInterpreted of [true, false]) {
      const engine = createCelEngine({ functions, isInterpreted, limits: { maxCost: 30 } });
      const run = (source: string): unknown =>
        engine.compile(source, "bool").evaluate({ event: { flags: ["a", "b", "c"] }, eventType: "open" });
      expect(run("['x', 'y'].exists(path, cp.was_executed('', path))")).toBe(false);
      const path = "parse.get_exec_path(event.flags, '')";
      expect(run(`['x', 'y'].exists(x, ${path}.startsWith(x))`)).toBe(false);
      expect(() => run(`['u', 'v', 'w', 'x', 'y', 'z', 'm'].exists(x, ${path}.startsWith(x)) || true`)).toThrow(
        expect.objectContaining({ code: "KINGLET_ERR_POLICY_ENGINE_COST" }),
      );
      expect(() => run("['x', 'y', 'z'].exists(path, cp.was_executed('', path)) || true")).toThrow(
        expect.objectContaining({ code: "KINGLET_ERR_POLICY_ENGINE_COST" }),
      );
    }
  });

  it("bounds the steps over lists that are as long as a container made them, whichever way it runs [cel E-4]", () => {
    const args = Array.from({ length: 1_001 }, () => "a");
    const tooLong = expect.objectContaining({ code: "KINGLET_ERR_POLICY_ENGINE_COST" });
    for (const engine of [bounded, boundedInterpreted]) {
      const run = (source: string, event: RuleVariables["event"]) => (): unknown =>
        engine.compile(source, "bool").evaluate({ event, eventType: "exec" });
      const nested = "event.args.exists(x, event.args.exists(y, x != y))";
      expect(run(nested, { args })).toThrow(tooLong);
      expect(run(nested, { args: args.slice(1) })()).toBe(false);
      expect(run("event.args.exists(x, x == 'b')", { args })()).toBe(false);
      const split = "event.path.split('').exists(x, event.path.split('').exists(y, x != y))";
      expect(run(split, { path: "a".repeat(1_001) })).toThrow(tooLong);
      expect(run(split, { path: "ab" })()).toBe(true);
    }
  });

  it.each([
    "event.args.join(',').split('').map(c, event.args.join(',')).join('') != ''",
    "event.args.map(c, event.args.join(',')).map(c, event.args.map(d, c).join('')).join('').size() > 0",
    "event.args.join(',').split('').map(c, event.args.join(',').split('')).size() > 0",
    "event.args.join(',').split('').join('abcdefghij').split('').join('abcdefghij').split('').join('abcdefghij').size() > 0",
    `[event.path]${".map(x, x + x)".repeat(30)}.size() > 0`,
    `[event.args]${".map(x, x + x)".repeat(30)}.size() > 0`,
    `cel.bind(x, event.path + event.path, ${"cel.bind(x, x + x, ".repeat(30)}x${")".repeat(30)}).size() > 0`,
    "{'a': event.args}.map(k, event.args.map(x, event.path)).map(l, l.map(x, x + event.path)).map(l, l.join('')).size() > 0",
  ])("bounds what an expression makes of a long command line, before it runs: %s [cel E-6]", (source) => {
    const event = {
      args: Array.from({ length: 900 }, (_, at) => `argument-${String(at)}`.repeat(3)),
      path: "/p".repeat(4_000),
    };
    const run = bounded.compile(source, "bool");
    expect(() => run.evaluate({ event, eventType: "exec" })).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_POLICY_ENGINE_COST" }),
    );
  });

  it("does not bound what stays as large as the event [cel E-6]", () => {
    const event = {
      args: Array.from({ length: 900 }, (_, at) => `a${String(at)}`),
      path: "/p".repeat(4_000),
      comm: "c",
    };
    const expressions = [
      "event.args.map(x, x.lowerAscii()).filter(x, x != 'a').join(' ').contains('a1 a2')",
      "event.path.split('/').exists(x, x == 'p')",
      "(event.path + ' ' + event.args.join(' ')).size() > 900",
      "'%s and %s'.format([event.comm, event.path]).contains('and')",
      "event.args.map(x, x + '=' + event.comm).exists(x, x == 'a7=c')",
    ];
    for (const source of expressions) {
      expect(bounded.compile(source, "bool").evaluate({ event, eventType: "exec" }), source).toBe(true);
    }
  });

  it.each([
    ["event.comm == 'a' && event.args.exists(x, x == event.cwd)", "comm+args"],
    ["event.comm == 'a' || event.path == 'b'", "comm path"],
    ["(event.upperlayer || event.pupperlayer) && event.pid == 1u", "upperlayer+pid pupperlayer+pid"],
    ["!(event.comm == 'a' && event.args[0] == 'b')", ""],
    ["!(event.comm == 'a' && event.comm == 'b')", "comm"],
    ["has(event.args) && event.args[0] == 'a'", "args"],
    [
      "cp.was_executed(event.containerId, (event.exepath != '' ? event.exepath : parse.get_exec_path(event.args, event.comm)))",
      "containerId+exepath",
    ],
    ["event.exepath != '' ? event.path == 'a' : event.cwd == 'b'", "exepath+path exepath+cwd"],
    ["true", ""],
  ])("%s can be true of events with: %s [cel E-3]", (source, expected) => {
    const { requiredFields } = direct.compile(source, "bool");
    expect(requiredFields.map((fields) => fields.join("+")).join(" ")).toBe(expected);
  });

  it("is never true of an event that lacks what it needs [cel E-3]", () => {
    fc.assert(
      fc.property(bool, event, (source, one) => {
        const compiled = direct.compile(source, "bool");
        const has = (field: string): boolean => (one as Readonly<Record<string, unknown>>)[field] !== undefined;
        if (compiled.requiredFields.some((fields) => fields.every(has))) return;
        expect(outcome(direct, source, "bool", { event: one, eventType: "exec" })).not.toBe(true);
      }),
      { seed: 1, numRuns: 3_000 },
    );
  });

  it("names every field that it may read [cel E-3]", () => {
    const { readFields } = direct.compile(
      "has(event.cwd) && event.args.exists(x, x == event.comm) || event.path == ''",
      "bool",
    );
    expect(readFields).toEqual(["args", "comm", "path"]);
  });
});

describe("register-string-functions", () => {
  const value = (source: string): unknown => outcome(direct, source, "string", { event: {}, eventType: "exec" });

  it("adds format and reverse to the library's texts", () => {
    expect(value("'%s ran %s'.format(['sh', '/bin/sh'])")).toBe("sh ran /bin/sh");
    expect(value("'%d %x %X %o %b'.format([255, 255, 255, 8, 5])")).toBe("255 ff FF 10 101");
    expect(value("'%d, 100%%'.format([443u])")).toBe("443, 100%");
    expect(value("'%f %.1f %e'.format([1.5, 2.25, 1500.0])")).toBe("1.500000 2.3 1.500000e+03");
    expect(value("'%s %s %s'.format([dyn(1), dyn(true), dyn(['a', 'b'])])")).toBe("1 true [a, b]");
    expect(value("'a\u{1f600}b'.reverse()")).toBe("b\u{1f600}a");
    for (const wrong of [
      "'%s'.format([])",
      "'%q'.format(['a'])",
      "'%d'.format(['a'])",
      "'x'.format(['a'])",
      "'%'.format([])",
    ]) {
      expect(value(wrong)).toBe("KINGLET_ERR_POLICY_ENGINE_EVALUATION");
    }
  });

  it("adds charAt and replace to the library's texts", () => {
    expect(value("'abc'.charAt(1) + 'abc'.charAt(3)")).toBe("b");
    expect(value("'aXbXc'.replace('X', '-')")).toBe("a-b-c");
    expect(value("'aXbXc'.replace('X', '-', 1)")).toBe("a-bXc");
    expect(value("'aXbXc'.replace('X', '-', 0)")).toBe("aXbXc");
    expect(value("'aXbXc'.replace('X', '-', -1)")).toBe("a-b-c");
    expect(value("'abc'.replace('', '-')")).toBe("-a-b-c-");
    expect(value("'abc'.replace('', '-', 2)")).toBe("-a-bc");
    expect(value("''.replace('', '-')")).toBe("-");
    expect(value("'abc'.charAt(4)")).toBe("KINGLET_ERR_POLICY_ENGINE_EVALUATION");
  });

  it("bounds what replace makes", () => {
    const source = `'${"a".repeat(1000)}'.replace('a', '${"b".repeat(100)}')`;
    expect(value(source)).toBe("KINGLET_ERR_POLICY_ENGINE_EVALUATION");
  });
});
