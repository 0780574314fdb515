import { existsSync } from "node:fs";
import type { Alert } from "@kinglet/detection";
import type { ReadinessCondition, ReadinessRegistry } from "@kinglet/endpoints";
import { createError } from "@kinglet/errors";
import { sleep, whenAborted, withTimeout, type Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { AppletContext } from "../../applet-context.ts";
import { kingletErrors } from "../../errors.ts";
import type { JudgementOptions } from "./events/judgement.ts";
import { loadJudgement, loadMoreSources } from "./lazy.ts";
import type { SensorParts } from "./sensor-parts.ts";

/** How long alerts that were raised get to leave after the stop signal, milliseconds. */
const drainMs = 5_000;

/** How long reading waits for the first look at every profile when the store does not answer, milliseconds. */
const firstLookMs = 30_000;

/** Sequence of what no event caused. */
const noEvent = -1;

/** How often the reason why the cluster is not known yet is renewed, milliseconds. */
const reasonEveryMs = 500;

/** How long the parts get to notice that they are stopped, milliseconds. */
const stopMs = 2_000;

/**
 * Runs a sensor until its signal fires, then drains: no further reading, alerts leave, the position is written.
 *
 * Reading begins once the pods are known and each profile was looked at once, so that no execution of a container that is already running
 * is judged without its profile.
 *
 * @throws the first fault of a part: a part that ends by itself is a crash of the sensor.
 *
 * @internal
 */
export async function runSensor(
  parts: SensorParts,
  context: AppletContext,
  conditions: SensorConditions,
  tools: SensorTools,
  logger: Logger,
): Promise<void> {
  const reading = new AbortController();
  const running = new AbortController();
  const exporting = new AbortController();
  const crash = Promise.withResolvers<never>();
  const start = async (name: string, signal: AbortSignal, run: () => Promise<void>): Promise<void> => {
    try {
      await run();
      if (!signal.aborted) crash.reject(createError(kingletErrors, "KINGLET_ERR_KINGLET_PART_ENDED", { part: name }));
    } catch (error) {
      if (!signal.aborted) crash.reject(error);
    }
  };
  const informers = [parts.pods, ...(parts.cluster?.informers ?? [])];
  const tasks = [
    ...informers.map((informer) =>
      start("an informer", running.signal, () => informer.run({ signal: running.signal })),
    ),
    start("the profile cache", running.signal, () => parts.profiles.run({ signal: running.signal })),
    start("the alert queue", running.signal, () => parts.alerts.run({ signal: running.signal })),
    start("the judgement of events", running.signal, () => judgeEvents(parts, { ...tools, logger }, running.signal)),
    start("the rules", running.signal, () => followRules(parts, running.signal)),
    ...(parts.findings === undefined
      ? []
      : [start("the findings of others", reading.signal, () => takeFindings(parts, reading.signal))]),
    ...(parts.learning === undefined
      ? []
      : [start("learning", running.signal, () => learn(parts, tools, running.signal))]),
    ...(parts.exporters === undefined
      ? []
      : [start("the exporters of alerts", exporting.signal, () => runExporters(parts, exporting.signal))]),
    start("the event source", reading.signal, () =>
      readEvents(parts, conditions, logger, { signal: reading.signal, clock: context.clock }),
    ),
  ];
  try {
    await Promise.race([crash.promise, parts.output.closed, whenAborted(context.signal)]);
    logger.info("stopping", { waiting: parts.pipeline.waiting, alerts: parts.alerts.size });
    for (const condition of Object.values(conditions)) condition.notReady("stopping");
    reading.abort(new Error("stopping"));
    parts.judging.judgement?.filter.close();
    const stoppedAt = context.clock.monotonicMs();
    await parts.alerts.drain({ timeoutMs: drainMs });
    exporting.abort(new Error("stopping"));
    const spentMs = context.clock.monotonicMs() - stoppedAt;
    await parts.exporters?.drain({ timeoutMs: Math.max(500, drainMs - spentMs) });
    await parts.judging.judgement?.filter.end();
    await parts.source
      .checkpoint?.()
      .catch((error: unknown) => logger.error("the last position was not written", { error }));
  } finally {
    reading.abort(new Error("stopping"));
    running.abort(new Error("stopping"));
    exporting.abort(new Error("stopping"));
    await Promise.race([Promise.allSettled(tasks), sleep(stopMs, { clock: context.clock })]);
  }
}

/** What the parts that are made later need. @internal */
export interface SensorTools extends Pick<JudgementOptions, "config" | "scaled" | "onBusy" | "clock" | "metrics"> {
  /** Called when much was loaded or taken in: what that left behind is given back to the system a moment later. */
  settle(): void;
}

/** What must be in order before the sensor says that it is ready. */
export interface SensorConditions {
  readonly cluster: ReadinessCondition;
  readonly profiles: ReadinessCondition;
  readonly events: ReadinessCondition;
}

/** Registers the conditions; before the listener opens, or its first answers would say ready. */
export function registerConditions(readiness: ReadinessRegistry): SensorConditions {
  return {
    cluster: readiness.register("cluster", "starting"),
    profiles: readiness.register("profiles", "waiting for the pods"),
    events: readiness.register("events", "waiting for the pods"),
  };
}

async function readEvents(
  parts: SensorParts,
  conditions: SensorConditions,
  logger: Logger,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<void> {
  for (const informer of [parts.pods, ...(parts.cluster?.informers ?? [])]) {
    const synced = new AbortController();
    void tellWhy(informer, (reason) => conditions.cluster.notReady(`${parts.client.server}: ${reason}`), {
      signal: synced.signal,
      clock,
    });
    try {
      await informer.waitForSync({ signal });
    } finally {
      synced.abort();
    }
  }
  conditions.cluster.ready();
  await firstLook(parts, conditions.profiles, { signal, clock });
  const ready = (): void => {
    conditions.events.ready();
    logger.info("ready", { pods: parts.pods.size, containers: parts.index.size });
  };
  if (parts.awaited === undefined) ready();
  else {
    const { whenConnected } = await loadMoreSources();
    const tell = (reason: string): void => conditions.events.notReady(reason);
    // Rejects only when it is over.
    void whenConnected(parts.awaited, { tell, signal, clock }).then(ready, () => {});
  }
  await parts.source.run({ signal, deliver: (event) => parts.pipeline.deliver(event) });
}

/**
 * Waits for the first look at every profile. A store that does not answer in time is no reason not to read events, but one not to be ready: rules
 * that need profiles judge nothing meanwhile.
 */
async function firstLook(
  parts: SensorParts,
  condition: ReadinessCondition,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<void> {
  const known = parts.profiles.waitUntilKnown({ signal }).then(
    () => condition.ready(),
    // Rejects only when it is over.
    () => {},
  );
  using patience = withTimeout(firstLookMs, { signal, clock, name: "the first look at every profile" });
  const isOver = await Promise.race([known.then(() => false), whenAborted(patience).then(() => true)]);
  signal.throwIfAborted();
  if (!isOver) return;
  for (const { ref, reason } of parts.profiles.containers()) {
    if (parts.profiles.isKnown(ref.containerId)) continue;
    condition.notReady(`the profile store does not answer: ${reason}`);
    return;
  }
}

/** Says why an informer does not get on, until the signal fires. */
async function tellWhy(
  informer: Pick<SensorParts["pods"], "status">,
  tell: (reason: string) => void,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<void> {
  while (!signal.aborted) {
    // Rejects only when it is over.
    await sleep(reasonEveryMs, { signal, clock }).catch(() => {});
    const { state, reason } = informer.status;
    if (!signal.aborted && state === "waiting") tell(reason);
  }
}

/** Loads rules and everything else that events pass when the first event of a container comes: who has nothing to judge pays for nothing of it. */
async function judgeEvents(
  parts: SensorParts,
  tools: SensorTools & Pick<JudgementOptions, "logger">,
  signal: AbortSignal,
): Promise<void> {
  // A process that was killed may not have told what it held back: that waits for no event.
  if (!existsSync(`${tools.config.stateDir}/held-back.journal`)) {
    await Promise.race([parts.firstEvent, whenAborted(signal)]);
  }
  if (signal.aborted) return;
  const { learning } = parts;
  const learner = learning?.recorder(await learning.opened);
  const { openJudgement } = await loadJudgement();
  const judgement = await openJudgement({
    ...tools,
    detector: parts.detector,
    learner,
    peers: {
      open: () => parts.openPeers(signal),
      isLearned: (container) => learning?.isRecorded(container) === true,
      signal,
    },
    summarise: (summary) => void passOn(summary, parts, signal),
  });
  parts.judging.judgement = judgement;
  parts.pipeline.prepared(judgement);
  // What reading and compiling all that left behind is given back.
  tools.settle();
  await whenAborted(signal);
}

/** Rules are there before the first event of the first container needs them. */
async function followRules(parts: SensorParts, signal: AbortSignal): Promise<void> {
  const { detector, firstContainer, openRules, opened } = parts;
  const hasFiles = opened.rules !== undefined;
  if (!hasFiles) await Promise.race([firstContainer, whenAborted(signal)]);
  if (signal.aborted) return;
  const rules = await openRules();
  // Rules of files are validated at once, those of the API when there is something to judge.
  await Promise.all([rules.run({ signal }), hasFiles ? detector.prepare() : undefined]);
}

/** A finding is an alert already; it waits for room as those of our own rules do. */
async function takeFindings(parts: SensorParts, signal: AbortSignal): Promise<void> {
  await parts.findings?.run({ signal, deliver: (alert) => passOn(alert, parts, signal) });
}

/** A summary waits for room as every alert does. */
async function passOn(summary: Alert, { alerts }: SensorParts, signal: AbortSignal): Promise<void> {
  try {
    while (!alerts.offer(summary, noEvent)) await alerts.waitForRoom({ signal });
  } catch {
    // The sensor stops, and nobody takes alerts any more.
  }
}

async function learn({ learning }: SensorParts, tools: SensorTools, signal: AbortSignal): Promise<void> {
  if (learning === undefined) return;
  const opened = await Promise.race([learning.opened, whenAborted(signal)]);
  if (signal.aborted || opened === undefined) return;
  tools.settle();
  await opened.learner.run({ signal });
}

async function runExporters({ exporters }: SensorParts, signal: AbortSignal): Promise<void> {
  await exporters?.run({ signal });
}
