import { readdir } from "node:fs";
import { promisify } from "node:util";
import type { Alert, AlertSink } from "@kinglet/detection";
import { createError } from "@kinglet/errors";
import { disposeWithin, withTimeout } from "@kinglet/lifecycle";

import { alertSinksErrors } from "../errors.ts";
import { ExporterLane } from "./exporter-lane.ts";
import type { LaneContext, LaneOptions } from "./lane-options.ts";
import type { Exporter } from "./exporter.ts";

/** @public */
export interface FanOut extends AlertSink, AsyncDisposable {
  /** Alerts not delivered yet, by exporter. */
  waiting(): Readonly<Record<string, number>>;
  /** Delivers until the signal fires; call it once. @throws the signal's reason. */
  run(options: { readonly signal: AbortSignal }): Promise<void>;
  /** After `run` ended: delivers what is left as far as the time allows, counts and logs the rest. Never rejects. */
  drain(options: { readonly timeoutMs: number }): Promise<void>;
}

/**
 * One sink over several exporters, each with a bounded lane of its own.
 *
 * Guarantees: `publish` waits for no receiver, so none slows detection or another receiver; each receiver gets its alerts in order;
 * what a full lane or a refusing receiver loses is counted by reason (metric), logged, and told to the receiver in one alert with rule
 * id `KINGLET-GAP` once it answers again. No timer while nothing waits.
 *
 * With a spool, `publish` resolves once every lane has the alert on disk: a process that is killed delivers it after its restart, at least once
 * (`uniqueId` tells repetitions), in order. What the disk does not take waits in memory, and that is counted and logged. Without
 * one, `publish` confirms that the alert is in memory; keep a sink that confirms for itself (standard output) beside it in the `AlertQueue`.
 *
 * @throws KINGLET_ERR_ALERT_SINKS_INVALID_OPTION
 * @public
 */
export function createFanOut(
  exporters: readonly { readonly exporter: Exporter; readonly lane?: LaneOptions }[],
  context: LaneContext,
): FanOut {
  const names = new Set(exporters.map(({ exporter }) => exporter.name));
  if (names.size !== exporters.length) {
    const details = { name: "exporters", permitted: "of different names", value: [...names].join(", ") };
    throw createError(alertSinksErrors, "KINGLET_ERR_ALERT_SINKS_INVALID_OPTION", details);
  }
  const lanes = exporters.map(({ exporter, lane = {} }) => new ExporterLane(exporter, lane, context));
  /** What is being written, or was: whoever gives up waiting and asks again must not have it written twice. */
  const written = new WeakMap<Alert, Promise<void>>();
  const close = async (): Promise<void> => {
    await Promise.allSettled(exporters.map(({ exporter }) => disposeWithin(exporter, 2_000, context.clock)));
    // Bounded, too: a disk that hangs must not hold up the end.
    const closing = lanes.map((lane) =>
      disposeWithin({ [Symbol.asyncDispose]: () => lane.close() }, 2_000, context.clock),
    );
    await Promise.allSettled(closing);
  };
  return {
    name: "fan-out",
    publish: (alert: Alert, { signal }) => {
      if (signal.aborted) return Promise.reject(signal.reason as Error);
      const before = written.get(alert);
      if (before !== undefined) return before;
      const writing: Promise<void>[] = [];
      for (const lane of lanes) {
        const offered = lane.offer(alert);
        if (offered !== undefined) writing.push(offered);
      }
      // Without disks nothing is waited for.
      if (writing.length === 0) return Promise.resolve();
      const all = Promise.all(writing).then(() => {});
      written.set(alert, all);
      return all;
    },
    waiting: () => Object.fromEntries(exporters.map(({ exporter }, index) => [exporter.name, lanes[index]?.size ?? 0])),
    run: async ({ signal }) => {
      await reportForgotten(names, context);
      const results = await Promise.allSettled(lanes.map((lane) => lane.run(signal)));
      for (const result of results) if (result.status === "rejected") throw result.reason;
    },
    drain: async ({ timeoutMs }) => {
      using deadline = withTimeout(timeoutMs, { clock: context.clock, name: "delivering the last alerts" });
      await Promise.all(lanes.map((lane) => lane.drain(deadline)));
    },
    [Symbol.asyncDispose]: close,
  };
}

/** A receiver that is not set any more may have left alerts: they stay where they are, and that is said. */
async function reportForgotten(names: ReadonlySet<string>, { spool, logger }: LaneContext): Promise<void> {
  if (spool === undefined) return;
  const found = await promisify(readdir)(spool.folder).catch(() => []);
  for (const sink of found) {
    if (names.has(sink)) continue;
    const files = await promisify(readdir)(`${spool.folder}/${sink}`).catch(() => []);
    if (files.length === 0) continue;
    logger.warn("alerts wait on disk for a receiver that is not set any more", { sink, folder: spool.folder });
  }
}
