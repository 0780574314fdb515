import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";

import type { CelEngine } from "./cel-engine.ts";
import { loadCelEngine } from "./lazy.ts";
import type { ProfileData, ProfilePattern } from "./profile-data.ts";
import type { RuleDefinition, RuleExpression } from "./rule-definition.ts";
import { RuleProgram } from "./rule-program.ts";

let engine: CelEngine;
/** Entries of the profile that the functions answer from. */
let opened: readonly string[] = [];

beforeAll(async () => {
  const { createCelEngine } = await loadCelEngine();
  engine = createCelEngine({
    functions: {
      "cp.was_path_opened": (_id, path) => opened.includes(path),
      "cp.was_path_opened_with_prefix": (_id, prefix) => opened.some((path) => path.startsWith(prefix)),
      "cp.was_path_opened_with_suffix": (_id, suffix) => opened.some((path) => path.endsWith(suffix)),
    },
  });
});

function programOf(
  conditions: readonly (string | RuleExpression)[],
  profileDataRequired?: ProfileData,
  texts: { readonly message?: string; readonly uniqueId?: string } = {},
): RuleProgram {
  const ruleExpression = conditions.map((one) =>
    typeof one === "string" ? { eventType: "open" as const, expression: one } : one,
  );
  const rule: RuleDefinition = {
    enabled: true,
    id: "T1",
    name: "test",
    description: "",
    expressions: { message: "''", uniqueId: "''", ...texts, ruleExpression },
    profileDependency: 0,
    ...(profileDataRequired === undefined ? {} : { profileDataRequired }),
    severity: 5,
    supportPolicy: false,
    isTriggerAlert: false,
    mitreTactic: "",
    mitreTechnique: "",
    tags: [],
  };
  return new RuleProgram(engine, rule);
}

const opensOf = (...conditions: string[]): ProfileData["opens"] => programOf(conditions).profileData().data.opens;
const asks = "cp.was_path_opened(event.containerId, event.path)";

describe("RuleProgram", () => {
  describe("profileData", () => {
    it.each<[string, string, ProfileData]>([
      ["nothing", "event.path == '/etc/passwd'", {}],
      ["a program", "!cp.was_executed(event.containerId, event.exepath)", { execs: "all" }],
      ["a program by name", "cp.was_executed(event.containerId, '/bin/sh')", { execs: [{ exact: "/bin/sh" }] }],
      ["arguments", "!ap.was_executed_with_args(event.containerId, event.exepath, event.args)", { execs: "all" }],
      ["a call", "!ap.was_syscall_used(event.containerId, 'bpf')", { syscalls: [{ exact: "bpf" }] }],
      ["any call", "!cp.was_syscall_used(event.containerId, event.syscallName)", { syscalls: "all" }],
      [
        "a capability",
        "cp.was_capability_used(event.containerId, 'SYS_ADMIN')",
        { capabilities: [{ exact: "SYS_ADMIN" }] },
      ],
      [
        "a prefix",
        "cp.was_path_opened_with_prefix(event.containerId, '/run/' + 'secrets')",
        { opens: [{ prefix: "/run/secrets" }] },
      ],
      [
        "a suffix",
        "cp.was_path_opened_with_suffix(event.containerId, '/environ')",
        { opens: [{ suffix: "/environ" }] },
      ],
      ["no suffix", "cp.was_path_opened_with_suffix(event.containerId, '')", { opens: "all" }],
      ["a suffix of the event", "cp.was_path_opened_with_suffix(event.containerId, event.path)", { opens: "all" }],
      [
        "flags",
        "cp.was_path_opened_with_flags(event.containerId, '/etc/x/', event.flags)",
        { opens: [{ exact: "/etc/x/" }, { exact: "/etc/x" }] },
      ],
      [
        "an endpoint",
        "cp.was_endpoint_accessed_with_method(event.containerId, ':80/a', 'GET')",
        { endpoints: [{ exact: ":80/a" }] },
      ],
      ["a host", "cp.was_host_accessed(event.containerId, 'api')", { endpoints: [{ contains: "api" }] }],
      ["an address", "!nn.was_address_in_egress(event.containerId, event.dstAddr)", { egressAddresses: "all" }],
      [
        "a literal address",
        "nn.was_address_in_ingress(event.containerId, '10.0.0.1')",
        { ingressAddresses: [{ exact: "10.0.0.1" }] },
      ],
      [
        "an address with several spellings",
        "nn.was_address_in_egress(event.containerId, '::1')",
        { egressAddresses: "all" },
      ],
      [
        "a name with several spellings",
        "nn.is_domain_in_egress(event.containerId, 'a.example.')",
        { egressDomains: "all" },
      ],
      [
        "a port",
        "cp.was_address_port_protocol_in_egress(event.containerId, event.dstAddr, event.dstPort, event.proto)",
        { egressAddresses: "all" },
      ],
      [
        "inside a comprehension",
        "event.args.exists(one, cp.was_path_opened(event.containerId, one))",
        { opens: "all" },
      ],
      [
        "texts of a list",
        "['/a', '/b'].all(one, cp.was_path_opened(event.containerId, one))",
        { opens: [{ exact: "/a" }, { exact: "/b" }] },
      ],
      [
        "of both kinds",
        "cp.was_executed(event.containerId, event.path) || cp.was_syscall_used(event.containerId, 'bpf')",
        { execs: "all", syscalls: [{ exact: "bpf" }] },
      ],
      ["a function that nobody declared", "cp.was_nothing(event.containerId, event.path)", {}],
      ["an expression that nobody understands", "!cp.was_path_opened(event.containerId, ", {}],
    ])("is what the expressions ask of a profile without a declaration: %s [cel D-1]", (_what, expression, data) => {
      expect(programOf([expression]).profileData()).toEqual({ data, undeclared: [] });
    });

    it.each<[string, ProfileData["opens"]]>([
      [`event.path.startsWith('/etc/shadow') && !${asks}`, [{ prefix: "/etc/shadow" }]],
      [`!${asks} && event.path.startsWith('/etc/shadow')`, [{ prefix: "/etc/shadow" }]],
      [`(event.path.startsWith('/a') || event.path.endsWith('.b')) && !${asks}`, [{ prefix: "/a" }, { suffix: ".b" }]],
      [`(event.path.startsWith('/a') || event.comm == 'b') && !${asks}`, "all"],
      [`event.path.contains('etc') && event.path == '/etc' && !${asks}`, [{ exact: "/etc" }]],
      [`event.path in ['/a', '/b/'] && !${asks}`, [{ exact: "/a" }, { exact: "/b/" }, { exact: "/b" }]],
      [`['/a', '/b'].exists(one, event.path.startsWith(one)) && !${asks}`, [{ prefix: "/a" }, { prefix: "/b" }]],
      [`!['/a', '/b'].all(one, event.path != one) && !${asks}`, [{ exact: "/a" }, { exact: "/b" }]],
      [`event.comm == 'x' ? event.path.startsWith('/a') && ${asks} : false`, [{ prefix: "/a" }]],
      [`(event.comm == 'x' ? event.path.startsWith('/a') : false) && ${asks}`, [{ prefix: "/a" }]],
      [`event.path.startsWith('/a') ? ${asks} : true`, [{ prefix: "/a" }]],
      [`event.path != '/a' ? true : ${asks}`, [{ exact: "/a" }]],
      [`!event.path.startsWith('/a') || ${asks}`, [{ prefix: "/a" }]],
      [`event.path.startsWith('/a') || ${asks}`, "all"],
      [`!event.path.startsWith('/a') && ${asks}`, "all"],
      [`event.exepath.startsWith('/a') && ${asks}`, "all"],
      [`event.path.startsWith(event.comm) && ${asks}`, "all"],
      [`event.path.endsWith('/a/') && ${asks}`, "all"],
      [`event.args.exists(one, one.startsWith('/a')) && event.args.exists(one, cp.was_path_opened('', one))`, "all"],
      [`event.args.exists(one, one.startsWith('/a') && cp.was_path_opened('', one))`, [{ prefix: "/a" }]],
    ])("counts what the rest of the expression lets through: %s [cel D-1]", (expression, opens) => {
      expect(opensOf(expression)).toEqual(opens);
    });

    it("takes conditions for one kind of event together, and those over every kind [cel D-1]", () => {
      expect(opensOf("event.path.startsWith('/a')", asks)).toEqual([{ prefix: "/a" }]);
      const other = { eventType: "exec", expression: "event.path.startsWith('/a')" } as const;
      expect(programOf([other, asks]).profileData().data).toEqual({ opens: "all" });
      expect(programOf([{ ...other, eventType: "all" }, asks]).profileData().data).toEqual({
        opens: [{ prefix: "/a" }],
      });
    });

    it("reads the text and the key of alerts too [cel D-1]", () => {
      const message = "cp.was_path_opened('', '/a') ? 'a' : 'b'";
      const uniqueId = "string(cp.was_syscall_used('', 'bpf'))";
      const { data } = programOf(["true"], undefined, { message, uniqueId }).profileData();
      expect(data).toEqual({ opens: [{ exact: "/a" }], syscalls: [{ exact: "bpf" }] });
    });

    it("keeps what a declaration leaves out, and names field and function [cel D-2]", () => {
      const declared: ProfileData = { execs: "all", opens: [{ prefix: "/etc/" }] };
      const program = programOf([asks, "cp.was_syscall_used('', 'bpf')", asks], declared);
      expect(program.profileData()).toEqual({
        data: { execs: "all", opens: "all", syscalls: [{ exact: "bpf" }] },
        undeclared: [
          {
            code: "KINGLET_ERR_POLICY_ENGINE_INVALID_RULE",
            path: "profileDataRequired.opens",
            message: "leaves out what cp.was_path_opened() asks for (all), which is kept as well",
          },
          {
            code: "KINGLET_ERR_POLICY_ENGINE_INVALID_RULE",
            path: "profileDataRequired.syscalls",
            message: 'leaves out what cp.was_syscall_used() asks for ({"exact":"bpf"}), which is kept as well',
          },
        ],
      });
    });

    it.each<[string, ProfilePattern]>([
      ["event.path.startsWith('/etc/shadow')", { prefix: "/etc/" }],
      ["event.path == '/etc/shadow'", { prefix: "/etc/" }],
      ["event.path.startsWith('/proc/') && event.path.endsWith('/environ')", { suffix: "environ" }],
      ["event.path.startsWith('/etc/ssl/certs')", { contains: "ssl" }],
      ["event.path == '/etc/hosts'", { exact: "/etc/hosts" }],
    ])("is what is declared where that is enough: %s [cel D-2]", (guard, pattern) => {
      const declared = { opens: [pattern], egressDomains: "all" } as const;
      expect(programOf([`${guard} && !${asks}`], declared).profileData()).toEqual({ data: declared, undeclared: [] });
    });

    it("never changes an answer, whatever the expression, the profile and the event [cel D-1]", () => {
      const text = fc.constantFrom("/a", "/a/b", "/b", "/b/a", "b", "a");
      const literal = text.map((one) => `'${one}'`);
      const subject = fc.constantFrom("event.path", "event.exepath", "one");
      const leaf = fc.oneof(
        fc
          .tuple(subject, fc.constantFrom("startsWith", "endsWith", "contains"), literal)
          .map(([of, name, one]) => `${of}.${name}(${one})`),
        fc.tuple(subject, fc.constantFrom("==", "!="), literal).map((parts) => parts.join(" ")),
        fc.tuple(subject, fc.array(literal, { maxLength: 3 })).map(([of, list]) => `${of} in [${list.join(", ")}]`),
        fc.constantFrom("true", "false"),
        fc.oneof(subject, literal).map((of) => `cp.was_path_opened('', ${of})`),
        fc.oneof(subject, literal).map((of) => `ap.was_path_opened('', ${of})`),
        fc
          .tuple(fc.constantFrom("prefix", "suffix"), literal)
          .map(([kind, one]) => `cp.was_path_opened_with_${kind}('', ${one})`),
      );
      const { whole } = fc.letrec<{ whole: string }>((tie) => ({
        whole: fc.oneof(
          { maxDepth: 5 },
          leaf,
          fc.tuple(tie("whole"), fc.constantFrom("&&", "||"), tie("whole")).map(([a, op, b]) => `(${a} ${op} ${b})`),
          tie("whole").map((inner) => `!(${inner})`),
          fc.tuple(tie("whole"), tie("whole"), tie("whole")).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
          fc
            .tuple(fc.constantFrom("exists", "all"), fc.array(literal, { minLength: 1, maxLength: 3 }), leaf)
            .map(([name, list, body]) => `[${list.join(", ")}].${name}(one, ${body})`),
        ),
      }));
      const path = fc.constantFrom("/a", "/a/b", "/b", "/b/a", "/c", "/a/b/a", "/aa");
      let dropped = 0;
      fc.assert(
        fc.property(whole, fc.array(path, { maxLength: 4 }), path, path, (expression, entries, eventPath, exepath) => {
          // The variable of a comprehension outside of one.
          if (engine.check(expression, "bool").length > 0) return;
          const program = programOf([expression]);
          const { opens } = program.profileData().data;
          const variables = { event: { path: eventPath, exepath, containerId: "" }, eventType: "open" as const };
          opened = entries;
          const expected = program.matches(variables);
          opened = entries.filter((entry) => isKept(opens, entry));
          if (opened.length < entries.length) dropped += 1;
          expect([expression, opens, program.matches(variables)]).toEqual([expression, opens, expected]);
        }),
        { seed: 1, numRuns: 3_000 },
      );
      expect(dropped).toBeGreaterThan(300);
    });

    it("costs bounded work, however many choices and lists an expression has inside one another [cel D-1]", () => {
      const choice = (depth: number): string =>
        depth === 0 ? "event.path == '/a'" : `(${choice(depth - 1)} ? ${choice(0)} : false)`;
      const list = Array.from({ length: 250 }, (_, at) => `'/${at}'`).join(", ");
      const nested = `[${list}].exists(x, [${list}].exists(y, event.path.startsWith(x + y)))`;
      expect(opensOf(`${choice(40)} && ${asks}`)).not.toBeUndefined();
      expect(opensOf(`${nested} && ${asks}`)).toBe("all");
      expect(opensOf(Array.from({ length: 60 }, () => asks).join(" && "))).toBe("all");
    });
  });
});

function isKept(opens: ProfileData["opens"], entry: string): boolean {
  if (opens === undefined || opens === "all") return opens === "all";
  return opens.some((pattern) => {
    if ("exact" in pattern) return entry === pattern.exact;
    if ("prefix" in pattern) return entry.startsWith(pattern.prefix);
    return "suffix" in pattern ? entry.endsWith(pattern.suffix) : entry.includes(pattern.contains);
  });
}
