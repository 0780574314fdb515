import {
  CapabilityEvent,
  DnsEvent,
  ExecEvent,
  KernelCallEvent,
  LinkEvent,
  NetworkEvent,
  OpenEvent,
  SyscallEvent,
  type ActivityEvent,
  type ContainerIdentity,
} from "@kinglet/enrichment";
import { noopLogger, type LogFields, type Logger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import type { RuleDefinition, RuleEventType } from "@kinglet/policy-engine";
import { describe, expect, it } from "vitest";

import { containerOf } from "../test/containers.ts";
import { detectorWith } from "../test/detector-with.ts";
import { profileViewWith } from "../test/profile-views.ts";
import { ruleOf } from "../test/rules.ts";
import type { DetectionHost } from "./detection-host.ts";
import { createDetector } from "./create-detector.ts";
import type { Detector, ProfileView } from "./detector.ts";
import { ActivityView, ruleEventFields } from "./rule-event.ts";
import type { RuleSelection } from "./rule-selection.ts";

const container = containerOf();
const origin = { sequence: 1, binary: "/usr/bin/app", parentBinary: "/bin/sh", pid: 7, parentPid: 1, uid: 0 };
const opened = (path: string): OpenEvent => new OpenEvent({ ...origin, path });

const idsOf = (detector: Detector, event: ActivityEvent, where: ContainerIdentity = container): readonly string[] =>
  detector.detect(event, where).map(({ ruleId }) => ruleId);

/** One event of every kind, and what its fields are. */
const events: readonly (readonly [event: ActivityEvent, fields: Readonly<Record<string, unknown>>])[] = [
  [
    new ExecEvent({ ...origin, argv: ["app", "-v"], cwd: "/srv", isUpperLayer: true }),
    { args: ["app", "-v"], cwd: "/srv", upperlayer: true, comm: "app", pcomm: "sh", exepath: "/usr/bin/app" },
  ],
  [
    new OpenEvent({ ...origin, path: "/etc/x", flags: ["O_RDONLY"], flagsRaw: 0 }),
    { path: "/etc/x", flags: ["O_RDONLY"], flagsRaw: 0 },
  ],
  [
    new NetworkEvent({ ...origin, address: "10.0.0.1", port: 443, protocol: "TCP", sourcePort: 40_000 }),
    {
      dstAddr: "10.0.0.1",
      dstIp: "10.0.0.1",
      dstPort: 443,
      proto: "TCP",
      srcPort: 40_000,
      pktType: "OUTGOING",
      direction: "outbound",
    },
  ],
  [
    new NetworkEvent({ ...origin, address: "10.0.0.1", port: 80, protocol: "TCP", direction: "ingress" }),
    { dstAddr: "10.0.0.1", dstPort: 80, srcPort: undefined, pktType: "HOST", direction: "inbound" },
  ],
  [new DnsEvent({ ...origin, name: "a.example.", port: 53 }), { name: "a.example.", proto: "UDP", dstPort: 53 }],
  [
    new CapabilityEvent({ ...origin, capability: "CHOWN", syscall: "fchown" }),
    { capName: "CHOWN", syscallName: "fchown" },
  ],
  [new SyscallEvent({ ...origin, name: "mount" }), { syscallName: "mount" }],
  [new LinkEvent({ ...origin, kind: "symlink", oldPath: "/a", newPath: "/b" }), { oldPath: "/a", newPath: "/b" }],
  [new LinkEvent({ ...origin, kind: "hardlink", oldPath: "/a", newPath: "/b" }), { oldPath: "/a", newPath: "/b" }],
  [
    new KernelCallEvent({ ...origin, kind: "bpf", syscallName: "bpf", command: 5, attrSize: 64 }),
    { cmd: 5, attrSize: 64, syscallName: "bpf" },
  ],
  [
    new KernelCallEvent({ ...origin, kind: "kmod", syscallName: "init_module", module: "x" }),
    { module: "x", syscallName: "init_module" },
  ],
  [
    new KernelCallEvent({ ...origin, kind: "ptrace", syscallName: "ptrace", command: 16 }),
    { cmd: 16, syscallName: "ptrace" },
  ],
  [
    new KernelCallEvent({ ...origin, kind: "unshare", syscallName: "unshare", flagsRaw: 8 }),
    { flagsRaw: 8, syscallName: "unshare" },
  ],
  [new KernelCallEvent({ ...origin, kind: "iouring", syscallName: "io_uring_setup", opcode: 3 }), { opcode: 3 }],
  [new KernelCallEvent({ ...origin, kind: "randomx" }), { comm: "app" }],
];

describe("ActivityView", () => {
  it.each(events.map(([event, fields]) => ({ kind: event.kind, event, fields })))(
    "shows the fields of $kind [rules E-1]",
    ({ event, fields }) => {
      const view = new ActivityView();
      view.point(event, container);
      for (const [field, value] of Object.entries(fields))
        expect([field, view[field as "comm"]]).toEqual([field, value]);
      expect([view.containerId, view.namespace, view.podName, view.containerName]).toEqual([
        container.containerId,
        "shop",
        "web-1",
        "web",
      ]);
      expect([view.pid, view.ppid, view.uid]).toEqual([7, 1, 0]);
    },
  );

  it("shows no field of another kind, nor of the event before [rules E-1]", () => {
    const view = new ActivityView();
    const shared = new Set([...ruleEventFields.randomx, "path", "direction"]);
    const own = [...new Set(Object.values(ruleEventFields).flat())].filter((field) => !shared.has(field));
    for (const [event] of events) {
      view.point(event, container);
      const shown = own.filter((field) => view[field] !== undefined);
      expect(shown.filter((field) => !ruleEventFields[event.kind].includes(field))).toEqual([]);
    }
  });

  it("shows a number that the source does not know as absent [rules E-1]", () => {
    const view = new ActivityView();
    view.point(new OpenEvent({ sequence: 1 }), container);
    expect([view.pid, view.ppid, view.uid, view.flagsRaw]).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe("RuleJudge", () => {
  it.each(events.map(([event]) => ({ kind: event.kind, event })))(
    "holds $kind against the rules of its kind and against those of all kinds [rules E-2]",
    async ({ kind, event }) => {
      const detector = await detectorWith([
        ruleOf("OWN", {}, [kind, `event.comm == 'app' && eventType == '${kind}'`]),
        ruleOf("ALL", {}, ["all", "event.pid == 7u"]),
        ruleOf("OTHER", {}, [kind === "exec" ? "open" : "exec", "true"]),
      ]);
      expect(detector.invalidRules).toEqual([]);
      expect(idsOf(detector, event)).toEqual(["OWN", "ALL"]);
    },
  );

  it("refuses rules over events and functions that nothing here feeds [rules E-3]", async () => {
    const detector = await detectorWith([
      ruleOf("R1", {}, ["http", "true"]),
      ruleOf("R2", {}, ["ssh", "true"]),
      ruleOf("R3", {}, ["open", "event.dstPort == 1"]),
      ruleOf("R4", {}, ["exec", "k8s.is_api_server_address('')"]),
    ]);
    expect(detector.invalidRules.map(({ ruleId, problems }) => `${ruleId}: ${problems[0]?.message}`)).toEqual([
      "R1: 1:1 no source feeds events of type http",
      "R2: 1:1 no source feeds events of type ssh",
      "R3: 1:1 field event.dstPort is not available in this build of the sensor",
      "R4: 1:1 function k8s.is_api_server_address is not available in this build of the sensor",
    ]);
  });

  it("does not judge an event by a rule about what the event does not tell, and counts it [rules E-4]", async () => {
    const rules = [
      ruleOf("R1", {}, ["exec", "event.args.size() > 0"]),
      ruleOf("R2", {}, ["exec", "has(event.args) || true"]),
    ];
    const detector = await detectorWith(rules);
    expect(idsOf(detector, new ExecEvent({ ...origin, argv: ["a"] }))).toEqual(["R1", "R2"]);
    expect(idsOf(detector, new ExecEvent({ ...origin, args: "'", isTruncated: true }))).toEqual(["R2"]);
    expect(detector.activity).toEqual([
      { ruleId: "R1", evaluations: 1, matches: 1, failures: 0 },
      { ruleId: "R2", evaluations: 2, matches: 2, failures: 0 },
    ]);
  });

  describe("with rules in the shapes of existing resources", () => {
    const path = '(event.exepath != "" ? event.exepath : parse.get_exec_path(event.args, event.comm))';
    const shapes: readonly (readonly [expression: string, kind: RuleEventType])[] = [
      [`!cp.was_executed(event.containerId, ${path})`, "exec"],
      ["!ap.was_executed(event.containerId, parse.get_exec_path(event.args, event.comm, event.exepath))", "exec"],
      ["event.args.map(a, string(a)).join(' ').contains('-v')", "exec"],
      ["event.args.size() > 0 && event.args[0].endsWith('app') || event.cwd == '/nowhere'", "exec"],
      ["(event.upperlayer == true || event.pupperlayer == true) && event.comm == 'app'", "exec"],
      ["event.exepath.matches('/usr/[a-z]+/app') || event.exepath.contains('memfd')", "exec"],
      ["event.cmd == uint(5)", "bpf"],
      ["event.dstPort in [443, 3333] && !(dyn(event.dstPort) in [22, 2022])", "network"],
      [
        "event.proto == 'TCP' && nn.was_address_port_protocol_in_egress(event.containerId, event.dstAddr, event.dstPort, event.proto) == false",
        "network",
      ],
      ["event.flags.exists(f, f in ['O_RDONLY', 'O_RDWR'])", "open"],
    ];

    it.each(shapes)("%s over %s is valid and fires [rules E-5]", async (expression, kind) => {
      const detector = await detectorWith([ruleOf("R1", {}, [kind, expression])]);
      expect(detector.invalidRules).toEqual([]);
      const event = events.find(([one]) => one.kind === kind)?.[0];
      expect(event && idsOf(detector, event)).toEqual(["R1"]);
      expect(detector.activity).toMatchObject([{ failures: 0 }]);
    });

    it("judge an execution whose arguments nobody could tell, as far as they do not need them [rules E-4]", async () => {
      const rules = shapes
        .filter(([, kind]) => kind === "exec")
        .map(([expression], at) => ruleOf(`R${at}`, {}, ["exec", expression]));
      const detector = await detectorWith(rules);
      const fired = idsOf(detector, new ExecEvent({ ...origin, args: "'", isTruncated: true }));
      // The path is known, and so is that it matches; what lies in the arguments or the layer is not.
      expect(fired).toEqual(["R0", "R5"]);
      expect(detector.activity.filter(({ failures }) => failures > 0)).toEqual([]);
    });

    it("may ask for the type of the event in their texts, and for a field that one of the types has [rules E-5]", async () => {
      const rule = ruleOf("R1");
      const choice = "eventType == 'exec' ? 'ran ' + event.cwd : 'called ' + event.dstAddr";
      const both: RuleDefinition = {
        ...rule,
        expressions: {
          message: choice,
          uniqueId: choice,
          ruleExpression: [
            { eventType: "exec", expression: "true" },
            { eventType: "network", expression: "true" },
          ],
        },
      };
      const detector = await detectorWith([both]);
      expect(detector.invalidRules).toEqual([]);
      const [exec, call] = [events[0]![0], events[2]![0]];
      expect(detector.detect(exec, container)).toMatchObject([{ message: "ran /srv" }]);
      expect(detector.detect(call, container)).toMatchObject([{ message: "called 10.0.0.1" }]);
      const neither = { ...both, expressions: { ...both.expressions, message: "event.oldPath" } };
      expect((await detectorWith([neither])).invalidRules).toMatchObject([{ ruleId: "R1" }]);
    });
  });

  describe("with bindings", () => {
    const rules = [
      ruleOf("R1", { state: { ignorePrefixes: ["/tmp"] } }, ["open", "true"]),
      ruleOf("R2", {}, ["open", "true"]),
    ];
    const withSelection = (selection: RuleSelection | undefined): Promise<Detector> =>
      detectorWith(rules, { rulesFor: () => selection });

    it("runs the rules that hold for the pod, with the severity of the binding [rules S-5]", async () => {
      const detector = await withSelection({ rules: [{ ruleId: "R2", severity: 9, parameters: [] }] });
      expect(detector.detect(opened("/x"), container)).toMatchObject([{ ruleId: "R2", severity: 9 }]);
      expect(idsOf(await withSelection(undefined), opened("/x"))).toEqual([]);
      expect(idsOf(await withSelection({ rules: [] }), opened("/x"))).toEqual([]);
      expect(
        idsOf(await withSelection({ rules: [{ ruleId: "R9", severity: 9, parameters: [] }] }), opened("/x")),
      ).toEqual([]);
    });

    it("has parameters of the binding replace those of the rule; of several sets one has to let through [rules S-5]", async () => {
      const own = await withSelection({ rules: [{ ruleId: "R1", severity: undefined, parameters: [] }] });
      expect([idsOf(own, opened("/tmp/x")), idsOf(own, opened("/var/x"))]).toEqual([[], ["R1"]]);
      const replaced = await withSelection({
        rules: [{ ruleId: "R1", severity: undefined, parameters: [{ ignorePrefixes: ["/var"] }] }],
      });
      expect([idsOf(replaced, opened("/tmp/x")), idsOf(replaced, opened("/var/x"))]).toEqual([["R1"], []]);
      const several = await withSelection({
        rules: [{ ruleId: "R1", severity: undefined, parameters: [{ ignorePrefixes: ["/var"] }, {}] }],
      });
      expect([idsOf(several, opened("/tmp/x")), idsOf(several, opened("/var/x"))]).toEqual([["R1"], ["R1"]]);
    });
  });

  describe("while a container is learned", () => {
    const setUp = async (profile: ProfileView | undefined, isLearning = true) => {
      const recorded: string[] = [];
      const detector = await detectorWith(
        [
          ruleOf("R1", { supportPolicy: true, profileDependency: 1 }, ["open", "event.path == '/x'"]),
          ruleOf("R2", { supportPolicy: true, profileDependency: 0 }, ["open", "event.path == '/x'"]),
          ruleOf("R3", { profileDependency: 0 }, ["open", "true"]),
        ],
        {
          profiles: { get: () => profile },
          learning: {
            isLearning: () => isLearning,
            recordRulePolicy: ({ containerName }, ruleId, name) => recorded.push(`${containerName} ${ruleId} ${name}`),
          },
        },
      );
      return { detector, recorded };
    };

    it("reports what rules with a policy would say, and alerts only where it would without that [rules L-1]", async () => {
      const { detector, recorded } = await setUp(undefined);
      expect(idsOf(detector, opened("/x"))).toEqual(["R1"]);
      expect(idsOf(detector, opened("/y"))).toEqual([]);
      expect(recorded).toEqual(["web R1 app", "web R2 app"]);
    });

    it("reports nothing once the container is learned [rules L-1]", async () => {
      const { detector, recorded } = await setUp(profileViewWith({}), false);
      expect(idsOf(detector, opened("/x"))).toEqual(["R1", "R2", "R3"]);
      expect(recorded).toEqual([]);
    });
  });

  it("runs rules of its own context only [rules C-1]", async () => {
    const rules = [
      ruleOf("R1"),
      ruleOf("R2", { tags: ["context:host"] }),
      ruleOf("R3", { tags: ["context:container"] }),
    ];
    const event = new ExecEvent(origin);
    expect(idsOf(await detectorWith(rules), event)).toEqual(["R1", "R3"]);
    expect(idsOf(await detectorWith(rules, { context: "host" }), event)).toEqual(["R2"]);
  });

  it("exempts what the container's specification runs, and what a container that is being stopped runs [rules X-1]", async () => {
    const commands = { command: ["/entrypoint"], postStart: [], preStop: ["/bin/drain", "now"], isPodEnding: false };
    const host: DetectionHost = {
      mountPathsOf: () => [],
      hasContainer: () => true,
      apiServerAddresses: [],
      processEnvironment: () => undefined,
      commandsOf: (_namespace, podName) => (podName === "web-1" ? commands : undefined),
    };
    const rule = ruleOf("R1", { profileDependency: 0 }, ["exec", "!cp.was_executed(event.containerId, event.exepath)"]);
    const detector = await detectorWith([rule], { host, profiles: { get: () => profileViewWith({}) } });
    const ran = (binary: string, argv: readonly string[] = [binary], where = container): readonly string[] =>
      idsOf(detector, new ExecEvent({ ...origin, binary, argv }), where);
    expect([ran("/entrypoint"), ran("/bin/id"), ran("/bin/drain")]).toEqual([[], ["R1"], ["R1"]]);
    for (const isPodEnding of [false, true]) {
      commands.isPodEnding = isPodEnding;
      expect([ran("/bin/drain", ["/bin/drain", "now"]), ran("/bin/id")]).toEqual([[], isPodEnding ? [] : ["R1"]]);
    }
    expect(ran("/bin/id", ["/bin/id"], containerOf({ podName: "web-2", containerId: "cd" }))).toEqual(["R1"]);
  });

  describe("setRules", () => {
    it("replaces the rules from the next event on, before and after preparing [rules B-4]", async () => {
      const detector = createDetector({
        rules: async () => [ruleOf("R1")],
        profiles: { get: () => undefined },
        clusterName: "",
        nodeName: "",
        logger: noopLogger,
        metrics: noopMetrics,
      });
      detector.setRules([ruleOf("R2")]);
      await detector.prepare();
      const event = new ExecEvent(origin);
      expect(idsOf(detector, event)).toEqual(["R2"]);
      detector.setRules([ruleOf("R3"), ruleOf("R4")]);
      expect(idsOf(detector, event)).toEqual(["R3", "R4"]);
      detector.setRules([]);
      expect(idsOf(detector, event)).toEqual([]);
      expect(() => detector.setRules([ruleOf("R1"), ruleOf("R1")])).toThrow(
        expect.objectContaining({ code: "KINGLET_ERR_DETECTION_DUPLICATE_RULE" }),
      );
    });

    it("keeps what a rule did that stays the same object, and says of an invalid one only once what is wrong [rules B-4]", async () => {
      const lines: (string | undefined)[] = [];
      const logger: Logger = {
        ...noopLogger,
        error: (_message: string, fields: LogFields = {}) => void lines.push(String(fields["rule"])),
      };
      const [stays, broken] = [ruleOf("R1"), ruleOf("R2", {}, ["exec", "nonsense("])];
      const detector = await detectorWith([stays, broken], { logger });
      detector.detect(new ExecEvent(origin), container);
      detector.setRules([stays, ruleOf("R2", {}, ["exec", "nonsense("]), ruleOf("R3")]);
      expect(detector.activity.map(({ ruleId, matches }) => [ruleId, matches])).toEqual([
        ["R1", 1],
        ["R3", 0],
      ]);
      expect([lines, detector.invalidRules.map(({ ruleId }) => ruleId)]).toEqual([["R2"], ["R2"]]);
      detector.setRules([stays]);
      expect(detector.invalidRules).toEqual([]);
    });
  });

  it("alerts also when the text of the alert cannot be told, by the name of the rule [rules E-4]", async () => {
    const rule = ruleOf("R1");
    const broken = { ...rule, expressions: { ...rule.expressions, message: "event.args[5]" } };
    const detector = await detectorWith([broken]);
    const alerts = detector.detect(new ExecEvent({ ...origin, argv: [] }), container);
    expect(alerts).toMatchObject([{ message: "rule R1" }]);
  });

  it("alerts also when what makes an alert unique cannot be told [rules E-4]", async () => {
    const rule = ruleOf("R1");
    const broken = { ...rule, expressions: { ...rule.expressions, uniqueId: "event.args[5]" } };
    const detector = await detectorWith([broken]);
    expect(idsOf(detector, new ExecEvent({ ...origin, argv: [] }))).toEqual(["R1"]);
    expect(detector.activity).toMatchObject([{ matches: 1, failures: 1 }]);
  });
});
