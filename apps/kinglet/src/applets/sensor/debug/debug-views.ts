import type { RuleNote } from "@kinglet/detection";
import type { LearningView } from "@kinglet/learning";
import type { RuleProblem } from "@kinglet/policy-engine";
import type { RecentEvent } from "../events/recent-events.ts";
import type { SensorParts } from "../sensor-parts.ts";
import { coverageOf, rulesInForce } from "./rule-coverage.ts";

/** One container in `GET /debug/containers`. */
interface ContainerRow {
  readonly containerId: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly state: string;
  readonly profile: string;
  /** What is used: the learned profile, it with overlays, an authored one; empty while there is none. */
  readonly origin: string;
  /** Of the profile that is used; empty while there is none. */
  readonly status: string;
  /** Parts of the profile that nobody looked at while it was learned: rules that ask about them do not judge. */
  readonly unobserved: readonly string[];
  readonly reason: string;
  readonly since: string;
  /** As of when the store is known; empty before its first answer. */
  readonly fetchedAt: string;
  /** True when the store may have something newer, for the `reason` given. */
  readonly isStale: boolean;
  /** What the rules need of the profile and what is kept of it: hash of their declarations, bytes. */
  readonly projection: string;
  readonly bytes: number;
  /** What learning does with it; null when nothing is learned of it. */
  readonly learning: LearningRow | null;
}

/** Learning of one container. */
interface LearningRow {
  readonly state: string;
  readonly reason: string;
  readonly status: string;
  readonly completion: string;
  /** Why its profile can be no more than partial. */
  readonly gaps: readonly string[];
  /** Parts of the profile that the sources look at. */
  readonly observed: readonly string[];
  readonly learnsUntil: string;
  readonly nextReport: string;
  readonly lastReport: string;
  readonly events: number;
  readonly entries: number;
  readonly pendingBytes: number;
}

/** One rule that holds for a container. */
interface ExplainedRule {
  readonly id: string;
  readonly name: string;
  readonly severity: number;
  /** Whether the sources feed it: `fed`, `partly`, `unseen` or `blind`, and why. */
  readonly coverage: string;
  readonly reason: string;
  /** What there is to say of the rule, one sentence each. */
  readonly notes: readonly string[];
}

/** One container as `explain` shows it. */
interface ExplainedRow extends ContainerRow {
  readonly rules: readonly ExplainedRule[];
  readonly bindings: readonly string[];
  readonly lastEvents: readonly RecentEvent[];
}

/**
 * Answer of `GET /debug/containers`. With `namespace`, `pod` and `container` it is about those alone, and says more of them: rules, last events, and why there are none.
 *
 * @internal
 */
export async function containersView(parts: SensorParts, query: URLSearchParams): Promise<unknown> {
  const rows = containerRows(parts);
  const pod = query.get("pod");
  if (pod === null) return { containers: rows };
  const namespace = query.get("namespace") ?? "";
  const container = query.get("container");
  const own = rows.filter(
    (row) => row.namespace === namespace && row.pod === pod && (container === null || row.container === container),
  );
  const { blindIntervals, connected, reason, name, droppedByUs, droppedUpstream, isEstimate } = parts.source.health();
  const coverage = await coverageOf(parts);
  return {
    containers: own.map((row) => explained(parts, row, coverage)),
    missing: own.length > 0 ? "" : whyMissing(parts, namespace, pod, container),
    source: {
      name,
      connected,
      reason,
      droppedByUs,
      droppedUpstream,
      isEstimate,
      blindIntervals: blindIntervals
        .filter(({ containerId }) => containerId === undefined || own.some((row) => row.containerId === containerId))
        .map(({ fromMs, untilMs, reason: why }) => ({
          from: timeOf(fromMs),
          until: timeOf(untilMs ?? 0),
          reason: why,
        })),
    },
    ruleProblems: parts.opened.rules?.problems() ?? {},
    invalidRules: parts.detector.invalidRules.map(({ ruleId, problems }) => ({
      id: ruleId,
      problems: problems.map(({ path, message }) => `${path}: ${message}`),
    })),
  };
}

function explained(
  parts: SensorParts,
  row: ContainerRow,
  coverage: Awaited<ReturnType<typeof coverageOf>>,
): ExplainedRow {
  const { index, opened, detector, judging } = parts;
  const identity = index.get(row.containerId);
  const room = opened.rules;
  const known = new Map(rulesInForce(parts).map((rule) => [rule.id, rule]));
  const selection = identity === undefined ? undefined : room?.selectionFor(identity);
  const rules = (selection?.rules ?? []).flatMap(({ ruleId, severity }): ExplainedRule[] => {
    const rule = known.get(ruleId);
    if (rule === undefined) return [];
    const { state = "fed", reason = "" } = coverage.get(ruleId) ?? {};
    const notes = detector.notes.filter((note) => note.ruleId === ruleId).flatMap(sentencesOf);
    return [{ id: ruleId, name: rule.name, severity: severity ?? rule.severity, coverage: state, reason, notes }];
  });
  return {
    ...row,
    rules,
    bindings: identity === undefined ? [] : (room?.bindingsOf(identity) ?? []),
    lastEvents: judging.judgement?.recent.of(row.containerId) ?? [],
  };
}

function sentencesOf({ ruleId, unfed, undeclared }: RuleNote): readonly string[] {
  const say = (what: string, { path, message }: RuleProblem): string => `rule ${ruleId} ${what} ${path}: ${message}`;
  return [
    ...unfed.map((problem) => say("runs without", problem)),
    ...undeclared.map((problem) => say("asks for more than it declares:", problem)),
  ];
}

/** One sentence. */
function whyMissing(
  { pods, ignoredNamespaces }: SensorParts,
  namespace: string,
  name: string,
  container: string | null,
): string {
  if (ignoredNamespaces.has(namespace))
    return `namespace ${namespace} is not watched (--ignore-namespaces, or the sensor's own)`;
  if (pods.status.state !== "watching") return `the pods are not known yet: ${pods.status.reason}`;
  const pod = pods.get(`${namespace}/${name}`);
  if (pod === undefined)
    return `there is no pod ${namespace}/${name} among those that this sensor watches; with --scope node those of its node`;
  const { phase = "unknown" } = pod.status ?? {};
  const names = pod.spec.containers.map((one) => one.name).join(", ");
  const what = container === null ? "a container of it" : `container ${container}`;
  return `${what} is not watched: the pod is in phase ${phase} and has the containers ${names}`;
}

function learningOf(parts: SensorParts): ReadonlyMap<string, LearningView> {
  const views = parts.learning?.learning?.learner.views().containers ?? [];
  return new Map(views.map((view) => [view.containerId, view]));
}

function learningRow(view: LearningView | undefined): LearningRow | null {
  if (view === undefined) return null;
  return {
    state: view.state,
    reason: view.reason,
    status: view.status,
    completion: view.completion,
    gaps: view.gaps,
    observed: view.observed,
    learnsUntil: timeOf(view.learnsUntilMs ?? 0),
    nextReport: timeOf(view.nextReportAtMs ?? 0),
    lastReport: view.lastReport === undefined ? "" : `${timeOf(view.lastReport.atMs)} ${view.lastReport.outcome}`,
    events: view.events,
    entries: view.entries,
    pendingBytes: view.pendingBytes,
  };
}

/** Each watched container, the state of its profile, and why it has none. @internal */
export function containerRows(parts: SensorParts): readonly ContainerRow[] {
  const { profiles, index, naming } = parts;
  const learning = learningOf(parts);
  const rows: ContainerRow[] = [];
  for (const { ref, state, reason, sinceMs, fetchedAtMs, isStale, profile } of profiles.containers()) {
    rows.push({
      containerId: ref.containerId,
      namespace: ref.namespace,
      pod: ref.podName,
      container: ref.containerName,
      state,
      profile: profile?.name ?? ref.profileName,
      origin: profile?.origin ?? "",
      status: profile?.status ?? "",
      unobserved: profile?.unobserved ?? [],
      reason,
      since: timeOf(sinceMs),
      fetchedAt: timeOf(fetchedAtMs),
      isStale,
      projection: profile?.content.projectionHash ?? "",
      bytes: profile?.content.bytes ?? 0,
      learning: learningRow(learning.get(ref.containerId)),
    });
  }
  for (const containerId of naming.keys()) {
    const identity = index.get(containerId);
    if (identity === undefined) continue;
    rows.push({
      containerId,
      namespace: identity.namespace,
      pod: identity.podName,
      container: identity.containerName,
      state: "pending",
      profile: "",
      origin: "",
      status: "",
      unobserved: [],
      reason: "the pod is fetched for the name that the profiles of all runs of its CronJob have",
      since: "",
      fetchedAt: "",
      isStale: false,
      projection: "",
      bytes: 0,
      learning: null,
    });
  }
  return rows;
}

/** The rules that run, what feeds them, and why others do not. @internal */
export async function ruleRows(parts: SensorParts): Promise<unknown> {
  const { detector, opened } = parts;
  return {
    isPrepared: detector.isPrepared,
    invalid: detector.invalidRules,
    notes: detector.notes,
    problems: opened.rules?.problems() ?? {},
    coverage: [...(await coverageOf(parts)).values()],
    rules: detector.activity,
  };
}

/** What is known of the cluster, and how fresh it is. @internal */
export function informerRows({ pods, cluster }: SensorParts): unknown {
  const informers = [pods, ...(cluster?.informers ?? [])];
  return informers.map(({ size, isSynced, status, lastEventAtMs }) =>
    Object.assign({ size, isSynced }, status, { lastEventAtMs }),
  );
}

/** Empty for 0: never. */
function timeOf(ms: number): string {
  return ms === 0 ? "" : new Date(ms).toISOString();
}
