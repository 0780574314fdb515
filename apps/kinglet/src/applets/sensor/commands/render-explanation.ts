/** Answer of the sensor about a pod. @internal */
export interface Explanation {
  readonly containers: readonly ExplainedContainer[];
  /** Why there is none; one sentence. */
  readonly missing: string;
  readonly source: {
    readonly name: string;
    readonly connected: boolean;
    readonly reason: string;
    readonly droppedByUs: number;
    readonly droppedUpstream: number;
    readonly isEstimate: boolean;
    readonly blindIntervals: readonly { readonly from: string; readonly until: string; readonly reason: string }[];
  };
  readonly ruleProblems: Readonly<Record<string, readonly string[]>>;
  readonly invalidRules: readonly { readonly id: string; readonly problems: readonly string[] }[];
}

interface ExplainedRule {
  readonly id: string;
  readonly coverage: string;
  readonly reason: string;
  readonly notes: readonly string[];
}

interface ExplainedContainer {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly containerId: string;
  readonly state: string;
  readonly reason: string;
  readonly since: string;
  readonly profile: string;
  readonly origin: string;
  readonly status: string;
  readonly fetchedAt: string;
  readonly isStale: boolean;
  readonly unobserved: readonly string[];
  readonly learning: {
    readonly state: string;
    readonly reason: string;
    readonly status: string;
    readonly completion: string;
    readonly gaps: readonly string[];
    readonly observed: readonly string[];
    readonly learnsUntil: string;
    readonly nextReport: string;
    readonly lastReport: string;
    readonly events: number;
    readonly entries: number;
  } | null;
  readonly rules: readonly ExplainedRule[];
  readonly bindings: readonly string[];
  readonly lastEvents: readonly {
    readonly time: string;
    readonly kind: string;
    readonly process: string;
    readonly subject: string;
  }[];
}

/** What the sensor said, for people; nothing of a container acts on the terminal. @internal */
export function renderExplanation({ containers, source, ruleProblems, invalidRules }: Explanation): string {
  const lines = containers.flatMap((container) => [...containerLines(container), ""]);
  if (containers.length > 0) lines.push(...sourceLines(source));
  for (const [from, problems] of Object.entries(ruleProblems)) lines.push(`rules of ${from}: ${problems.join("; ")}`);
  for (const { id, problems } of invalidRules)
    lines.push(`rule ${id} is invalid and does not run: ${problems.join("; ")}`);
  return lines.map((line) => `${printable(line)}\n`).join("");
}

function containerLines(row: ExplainedContainer): readonly string[] {
  const { profile, origin, status, learning, rules, bindings, lastEvents } = row;
  const used = origin === "" ? `none yet; it would be ${profile}` : `${profile} (${origin}, ${status})`;
  return [
    `${row.namespace}/${row.pod}/${row.container}  ${row.state}${row.since === "" ? "" : ` since ${row.since}`}`,
    `  container  ${row.containerId}`,
    `  profile    ${used}${row.isStale ? ", there may be a newer one" : ""}`,
    ...(row.unobserved.length === 0
      ? []
      : [
          `             nobody looked at ${row.unobserved.join(", ")} while it was learned: rules that ask about them do not judge`,
        ]),
    ...(row.reason === "" ? [] : [`  because    ${row.reason}`]),
    ...(learning === null ? ["  learning   nothing is learned of it"] : learningLines(learning)),
    `  rules      ${rules.length === 0 ? "none loaded yet" : `${rules.length}: ${rules.map(({ id }) => id).join(" ")}`}`,
    ...rules.flatMap(ruleLines),
    ...unseenLine(rules),
    ...(bindings.length === 0 ? [] : [`  bound by   ${bindings.join(", ")}`]),
    ...(lastEvents.length === 0 ? ["  events     none yet"] : ["  last events"]),
    ...lastEvents.map(({ time, kind, process, subject }) => `    ${time}  ${kind}  ${process}  ${subject}`.trimEnd()),
  ];
}

/** What a rule cannot see, and how it differs from what its author wrote. */
function ruleLines({ coverage, reason, notes }: ExplainedRule): readonly string[] {
  const isShort = coverage === "blind" || coverage === "partly";
  return [...(isShort ? [`    ${reason}`] : []), ...notes.map((note) => `    ${note}`)];
}

/** Most rules of a quiet node have seen nothing so far: one line for all of them. */
function unseenLine(rules: readonly ExplainedRule[]): readonly string[] {
  const ids = rules.filter(({ coverage }) => coverage === "unseen").map(({ id }) => id);
  if (ids.length === 0) return [];
  return [`    no event so far for ${ids.join(" ")}; docs/rules.md names the policy that each needs`];
}

function learningLines(learning: NonNullable<ExplainedContainer["learning"]>): readonly string[] {
  const { state, reason, status, completion, gaps, observed, learnsUntil, nextReport, lastReport, events, entries } =
    learning;
  const claims = [status, completion].filter((one) => one !== "").join(", ");
  return [
    `  learning   ${state}: ${reason}${claims === "" ? "" : ` (${claims})`}; ${events} events, ${entries} entries`,
    ...gaps.map((gap) => `             partial: ${gap}`),
    `             seen so far: ${observed.length === 0 ? "nothing" : observed.join(", ")}`,
    ...(learnsUntil === "" ? [] : [`             until ${learnsUntil} at the latest`]),
    ...(nextReport === "" ? [] : [`             next report ${nextReport}`]),
    ...(lastReport === "" ? [] : [`             last report ${lastReport}`]),
  ];
}

function sourceLines(source: Explanation["source"]): readonly string[] {
  const { name, connected, reason, droppedByUs, droppedUpstream, isEstimate, blindIntervals } = source;
  const lost = droppedByUs + droppedUpstream;
  return [
    `source ${name}: ${connected ? "connected" : `not connected: ${reason}`}`,
    ...(lost === 0 ? [] : [`  ${isEstimate ? "about " : ""}${lost} events were lost`]),
    ...blindIntervals.map(
      ({ from, until, reason: why }) => `  blind ${from} ... ${until === "" ? "now" : until}: ${why}`,
    ),
  ];
}

/** Control characters and marks that turn text around become `\uXXXX`. */
function printable(line: string): string {
  return line.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\u200b-\u200f\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
