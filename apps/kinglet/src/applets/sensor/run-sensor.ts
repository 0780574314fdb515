import { disposeWithin, sleep } from "@kinglet/lifecycle";
import type { ReadinessRegistry } from "@kinglet/endpoints";
import type { Logger } from "@kinglet/logger";
import type { AppletContext } from "../../applet-context.ts";
import type { SensorParts } from "./sensor-parts.ts";

/** How long alerts that were raised get to leave after the stop signal, milliseconds. */
const drainMs = 5_000;

/**
 * Runs a sensor until its signal fires, then drains: no further reading, alerts leave, the position is written.
 *
 * Reading of events begins once the pods are known and the first look at their profiles is over, so that no event of a container that
 * is already running is judged without them.
 *
 * @throws the first fault of a part: a part that ends is a crash of the sensor.
 *
 * @internal
 */
export async function runSensor(
  parts: SensorParts,
  context: AppletContext,
  readiness: ReadinessRegistry,
  logger: Logger,
): Promise<void> {
  const reading = new AbortController();
  const running = new AbortController();
  const crash = Promise.withResolvers<never>();
  const start = (name: string, run: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> =>
    run(signal).then(
      () => {
        if (!signal.aborted) crash.reject(new Error(`${name} ended by itself`));
      },
      (error: unknown) => {
        if (!signal.aborted) crash.reject(error as Error);
      },
    );
  const informers = [parts.pods, ...(parts.cluster?.informers ?? [])];
  const ready = readinessOf(parts, readiness);
  const tasks = [
    ...informers.map((informer) => start("informer", (signal) => informer.run({ signal }), running.signal)),
    start("profiles", (signal) => parts.profiles.run({ signal }), running.signal),
    start("alerts", (signal) => parts.alerts.run({ signal }), running.signal),
    start("detector", (signal) => prepareDetector(parts, signal), running.signal),
  ];
  const events = (async () => {
    for (const informer of informers) await informer.waitForSync({ signal: reading.signal });
    ready.synced();
    await parts.profiles.waitUntilKnown({ signal: reading.signal });
    logger.info("ready", { pods: parts.pods.size, containers: parts.index.size });
    ready.profiles();
    await parts.source.run({ signal: reading.signal, deliver: (event) => parts.pipeline.deliver(event) });
  })();
  tasks.push(start("events", () => events, reading.signal));

  try {
    await Promise.race([crash.promise, aborted(context.signal)]);
    logger.info("stopping", { waiting: parts.pipeline.waiting, alerts: parts.alerts.size });
    for (const { notReady } of ready.all) notReady("stopping");
    reading.abort(new Error("stopping"));
    await parts.alerts.drain({ timeoutMs: drainMs });
    await parts.source.checkpoint();
  } finally {
    reading.abort(new Error("stopping"));
    running.abort(new Error("stopping"));
    await Promise.race([Promise.allSettled(tasks), sleep(1_000)]);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
