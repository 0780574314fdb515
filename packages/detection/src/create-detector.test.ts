import { ExecEvent, type ContainerIdentity, type ExecEventInit } from "@kinglet/enrichment";
import { noopLogger, type LogFields, type Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";
import type { RuleDefinition } from "@kinglet/policy-engine";
import { parseContainerProfile } from "@kinglet/profile";
import { describe, expect, it } from "vitest";

import { createDetector } from "./create-detector.ts";
import type { Detector, DetectorOptions, ProfileView } from "./detector.ts";
import { profileRules } from "./rules/profile-rules.ts";
import { obviousAnswers } from "../test/obvious-answers.ts";

/** R0001. */
const builtinRules = profileRules.slice(0, 1);

const container: ContainerIdentity = {
  containerId: "ab".repeat(32),
  podUid: "uid-1",
  namespace: "shop",
  podName: "web-1",
  containerName: "web",
  containerType: "containers",
  image: "web:1",
  imageId: "",
  nodeName: "node-1",
  ownerApiVersion: "apps/v1",
  ownerKind: "ReplicaSet",
  ownerName: "web",
  templateHash: "77b4",
};

function profileOf(
  options: { status?: string; completion?: string; unobserved?: readonly string[]; spec?: object } = {},
): ProfileView {
  const { status = "completed", completion = "complete", unobserved, spec = {} } = options;
  const profile = parseContainerProfile({
    apiVersion: "spdx.softwarecomposition.kubescape.io/v1beta1",
    kind: "ContainerProfile",
    metadata: { name: "replicaset-web", namespace: "shop" },
    spec: { execs: [{ path: "/bin/ls", args: ["ls"] }, { path: "/usr/sbin/nginx" }], ...spec },
  });
  return {
    name: profile.metadata.name,
    namespace: profile.metadata.namespace,
    status,
    completion,
    checksum: "",
    ...(unobserved === undefined ? {} : { unobserved }),
    content: obviousAnswers(profile),
  };
}

const exec = (init: Partial<ExecEventInit> = {}): ExecEvent =>
  new ExecEvent({
    sequence: 1,
    binary: "/bin/sh",
    args: "-c id",
    execId: "bm9kZTox",
    pid: 7,
    uid: 0,
    cwd: "/",
    parentBinary: "/usr/sbin/nginx",
    parentPid: 1,
    time: "2026-01-01T00:00:00.5Z",
    ...init,
  });

/** Counts by metric name and label value. */
class CountingMetrics implements Metrics {
  readonly values: Record<string, number> = {};
  counter = ({ name }: { name: string }) => ({
    add: (value = 1, labels: Readonly<Record<string, string>> = {}) => this.#add(name, value, labels),
  });
  gauge = ({ name }: { name: string }) => ({
    set: (value: number) => {
      this.values[name] = value;
    },
    add: () => {},
  });
  histogram = () => ({ observe: () => {} });
  readonly #collect: (() => void)[] = [];
  onCollect = (collect: () => void) => {
    this.#collect.push(collect);
    return () => {};
  };

  /** As an exposition does. */
  collected(): Record<string, number> {
    for (const collect of this.#collect) collect();
    return this.values;
  }

  #add(name: string, value: number, labels: Readonly<Record<string, string>>): void {
    const key = [name.replace(/^kinglet_detection_/, "").replace(/_total$/, ""), ...Object.values(labels)].join(" ");
    this.values[key] = (this.values[key] ?? 0) + value;
  }
}

interface Setup {
  readonly detector: Detector;
  readonly metrics: CountingMetrics;
  readonly lines: { readonly message: string; readonly fields: LogFields }[];
}

function setUp(profile: ProfileView | undefined, options: Partial<DetectorOptions> = {}): Setup {
  const metrics = new CountingMetrics();
  const lines: Setup["lines"] = [];
  const write = (message: string, fields: LogFields = {}): void => {
    lines.push({ message, fields });
  };
  const logger: Logger = { ...noopLogger, error: write, warn: write };
  const detector = createDetector({
    rules: builtinRules,
    profiles: { get: (id) => (id === container.containerId ? profile : undefined) },
    clusterName: "demo",
    nodeName: "sensor-node",
    logger,
    metrics,
    ...options,
  });
  return { detector, metrics, lines };
}

const ruleWith = (expression: string, changes: Partial<RuleDefinition> = {}): RuleDefinition => ({
  ...builtinRules[0]!,
  id: "T1",
  ...changes,
  expressions: {
    message: "'text'",
    uniqueId: "'id'",
    ruleExpression: [{ eventType: "exec", expression }],
    ...changes.expressions,
  },
});

describe("createDetector", () => {
  it("alerts on a path that the profile does not list", async () => {
    const { detector, metrics } = setUp(profileOf());
    await detector.prepare();
    expect(detector.detect(exec(), container)).toMatchObject([
      {
        uniqueId: expect.stringMatching(/^[0-9a-f]{32}$/),
        ruleId: "R0001",
        ruleName: "Unexpected process launched",
        severity: 1,
        message: "/bin/sh ran in container web, and the profile does not list it",
        time: "2026-01-01T00:00:00.5Z",
        clusterName: "demo",
        nodeName: "node-1",
        namespace: "shop",
        podName: "web-1",
        podUid: "uid-1",
        containerName: "web",
        containerId: container.containerId,
        image: "web:1",
        workloadKind: "ReplicaSet",
        workloadName: "web",
        process: {
          pid: 7,
          uid: 0,
          binary: "/bin/sh",
          args: "-c id",
          cwd: "/",
          execId: "bm9kZTox",
          parentBinary: "/usr/sbin/nginx",
          parentPid: 1,
        },
        profile: { name: "replicaset-web", status: "completed", completion: "complete", failOnProfile: true },
      },
    ]);
    expect(metrics.collected()).toMatchObject({ "events exec": 1, "matches R0001": 1 });
  });

  it("compares the path of the binary exactly", async () => {
    const { detector } = setUp(profileOf());
    await detector.prepare();
    const count = (binary: string): number => detector.detect(exec({ binary }), container).length;
    expect(count("/bin/ls")).toBe(0);
    expect(count("/usr/sbin/nginx")).toBe(0);
    for (const binary of ["/bin/ls2", "/bin/l", "ls", "/usr/bin/ls", "/bin/LS", "/bin/ls/", "/bin//ls"]) {
      expect(count(binary)).toBe(1);
    }
  });

  it("returns one shared empty array when there is no alert", async () => {
    const { detector } = setUp(profileOf());
    await detector.prepare();
    const none = detector.detect(exec({ binary: "/bin/ls" }), container);
    expect(detector.detect(exec({ isReplay: true }), container)).toBe(none);
  });

  it("never alerts on replays, on stages of the container runtime, and on an event without a path", async () => {
    const { detector, metrics } = setUp(profileOf());
    await detector.prepare();
    for (const init of [{ isReplay: true }, { isRuntimeStage: true }, { binary: "" }]) {
      expect(detector.detect(exec(init), container)).toEqual([]);
    }
    expect(metrics.collected()).toMatchObject({
      "skipped replay": 1,
      "skipped runtime_stage": 1,
      "skipped no_binary": 1,
    });
  });

  it.each([
    ["completed", "complete", 1, undefined],
    ["completed", "partial", 1, undefined],
    ["initializing", "", 0, "learning"],
    ["ready", "complete", 0, "learning"],
    ["too-large", "complete", 1, undefined],
    ["too-large", "partial", 1, undefined],
    ["incomplete", "complete", 0, "unusable_profile"],
    ["unauthorize", "", 0, "unusable_profile"],
    ["missing-runtime", "", 0, "unusable_profile"],
    ["failed", "", 0, "unusable_profile"],
    ["unsupported-schema", "", 0, "unusable_profile"],
    ["", "", 0, "unusable_profile"],
  ])("with a profile that is %j and %j raises %i alerts", async (status, completion, count, reason) => {
    const { detector, metrics } = setUp(profileOf({ status, completion }));
    await detector.prepare();
    expect(detector.detect(exec(), container)).toHaveLength(count);
    if (reason !== undefined) expect(metrics.collected()[`skipped ${reason}`]).toBe(1);
  });

  it.each([
    [["opens"], 1, undefined],
    [["execs", "opens"], 0, "unobserved"],
    [[], 1, undefined],
  ])("with a profile of which nobody looked at %j raises %i alerts", async (unobserved, count, reason) => {
    const { detector, metrics } = setUp(profileOf({ status: "completed", completion: "complete", unobserved }));
    await detector.prepare();
    expect(detector.detect(exec(), container)).toHaveLength(count);
    if (reason !== undefined) expect(metrics.collected()[`skipped ${reason}`]).toBe(1);
  });

  it("skips a rule that requires a profile when there is none, and counts it", async () => {
    const { detector, metrics } = setUp(undefined);
    await detector.prepare();
    expect(detector.detect(exec(), container)).toEqual([]);
    expect(metrics.collected()).toMatchObject({ "skipped no_profile": 1 });
  });

  it("evaluates optional and independent rules without a profile, whose functions then answer false", async () => {
    const { detector } = setUp(undefined, {
      rules: [
        ruleWith("!ap.was_executed(event.containerId, event.exepath)", { id: "T1", profileDependency: 1 }),
        ruleWith("event.exepath == '/bin/sh'", { id: "T2", profileDependency: 2 }),
        ...builtinRules,
      ],
    });
    await detector.prepare();
    const alerts = detector.detect(exec(), container);
    expect(alerts.map(({ ruleId, profile }) => [ruleId, profile])).toEqual([
      ["T1", undefined],
      ["T2", undefined],
    ]);
  });

  it("skips a rule that the profile allows for the process or for the container", async () => {
    const rules = [ruleWith("true", { supportPolicy: true })];
    const count = async (rulePolicies: object): Promise<number> => {
      const { detector } = setUp(profileOf({ spec: { rulePolicies } }), { rules });
      await detector.prepare();
      return detector.detect(exec(), container).length;
    };
    expect(await count({ T1: { processAllowed: ["sh"], containerAllowed: false } })).toBe(0);
    expect(await count({ T1: { processAllowed: [], containerAllowed: true } })).toBe(0);
    expect(await count({ T1: { processAllowed: ["ls"], containerAllowed: false } })).toBe(1);
    expect(await count({ T2: { processAllowed: ["sh"], containerAllowed: true } })).toBe(1);
  });

  it("gives the same event the same id after a restart, and another one to another execution, container or rule", async () => {
    const idOf = async (event: ExecEvent, where: ContainerIdentity = container, id = "T1"): Promise<string> => {
      const { detector } = setUp(undefined, { rules: [ruleWith("true", { id, profileDependency: 2 })] });
      await detector.prepare();
      return detector.detect(event, where)[0]!.uniqueId;
    };
    const first = await idOf(exec());
    expect(await idOf(exec({ sequence: 99, time: "" }))).toBe(first);
    const others = [
      await idOf(exec({ execId: "bm9kZToy" })),
      await idOf(exec(), { ...container, containerId: "cd".repeat(32) }),
      await idOf(exec(), container, "T2"),
    ];
    expect(new Set([first, ...others]).size).toBe(4);
  });

  it("tells executions apart also when the source reports no execution id", async () => {
    const { detector } = setUp(undefined, { rules: [ruleWith("true", { profileDependency: 2 })] });
    await detector.prepare();
    const idOf = (init: Partial<ExecEventInit>) =>
      detector.detect(exec({ execId: "", ...init }), container)[0]!.uniqueId;
    expect(idOf({ pid: 7 })).toBe(idOf({ pid: 7, sequence: 99 }));
    expect(new Set([idOf({ pid: 7 }), idOf({ pid: 8 }), idOf({ time: "2026-01-01T00:00:01Z" })]).size).toBe(3);
  });

  it("redacts arguments and message", async () => {
    const rules = [ruleWith("true", { profileDependency: 2, expressions: { message: "event.cwd" } as never })];
    const { detector } = setUp(undefined, { rules });
    await detector.prepare();
    const [alert] = detector.detect(exec({ args: "--password hunter2 -v", cwd: "/?token=hunter2" }), container);
    expect(JSON.stringify(alert?.process.args)).not.toContain("hunter2");
    expect(alert?.message).not.toContain("hunter2");
    expect(alert?.process.args).toContain("-v");
  });

  it("leaves disabled rules alone", async () => {
    const { detector } = setUp(undefined, { rules: [ruleWith("nonsense(", { enabled: false })] });
    await detector.prepare();
    expect(detector.invalidRules).toEqual([]);
    expect(detector.detect(exec(), container)).toEqual([]);
  });

  it("names an invalid rule in log and metric and runs the others [start-up L7]", async () => {
    const { detector, metrics, lines } = setUp(profileOf(), {
      rules: [ruleWith("process.get_ld_hook_var(event.pid) != ''"), ...builtinRules],
    });
    await detector.prepare();
    expect(detector.invalidRules).toMatchObject([
      { ruleId: "T1", problems: [{ code: "KINGLET_ERR_POLICY_ENGINE_UNAVAILABLE" }] },
    ]);
    expect(metrics.collected()["kinglet_detection_invalid_rules"]).toBe(1);
    expect(lines).toMatchObject([{ fields: { rule: "T1" } }]);
    expect(detector.detect(exec(), container).map((alert) => alert.ruleId)).toEqual(["R0001"]);
  });

  it("counts a rule that fails on an event, logs it sparingly and runs the others", async () => {
    const { detector, metrics, lines } = setUp(profileOf(), {
      rules: [ruleWith("[1][size(event.comm)] == 1"), ...builtinRules],
    });
    await detector.prepare();
    for (let round = 0; round < 9; round++) expect(detector.detect(exec(), container)).toHaveLength(1);
    expect(metrics.collected()["evaluation_failures T1"]).toBe(9);
    expect(lines).toHaveLength(4);
  });

  it("refuses an event that needs rules which are not prepared", async () => {
    const { detector } = setUp(profileOf());
    expect(detector.isPrepared).toBe(false);
    expect(() => detector.detect(exec(), container)).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_DETECTION_NOT_PREPARED" }),
    );
    await detector.prepare();
    expect(detector.isPrepared).toBe(true);
    expect(detector.detect(exec(), container)).toHaveLength(1);
  });

  it("prepares once, however often and concurrently it is asked [start-up L8]", async () => {
    const { detector, lines } = setUp(profileOf(), { rules: [ruleWith("nonsense(")] });
    await Promise.all([detector.prepare(), detector.prepare(), detector.prepare()]);
    await detector.prepare();
    expect(lines).toHaveLength(1);
  });

  it("refuses two rules with one id", () => {
    expect(() => setUp(undefined, { rules: [...builtinRules, ...builtinRules] })).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_DETECTION_DUPLICATE_RULE" }),
    );
  });
});
