import { createError, hasCode } from "@kinglet/errors";
import { systemClock, whenAborted, withTimeout, type Clock } from "@kinglet/lifecycle";
import { noopLogger, type Logger } from "@kinglet/logger";
import { noopMetrics, type Counter, type Metrics } from "@kinglet/metrics";
import { kubeClientErrors } from "../errors.ts";
import type { InformerStatus } from "../informer.ts";
import { RECONCILES_TOTAL } from "./metrics.ts";
import type { WorkQueue } from "./work-queue.ts";

/** What a reconciliation asks for; nothing: done until something changes. @public */
export type ReconcileResult =
  | undefined
  | {
      /** Look again after this long, milliseconds, > 0; the failures of the key are forgotten. */ readonly requeueAfterMs: number;
    }
  | { /** Look again as after a failure: later each time. */ readonly requeue: true };

/** @public */
export interface ReconcileContext {
  /** Fires when the controller stops without waiting any longer, or the time limit of one reconciliation is over. */
  readonly signal: AbortSignal;
  /** Failures of this key before this attempt. */
  readonly failures: number;
  readonly priority: number;
}

/** @public */
export interface ControllerOptions {
  readonly name: string;
  readonly queue: WorkQueue;
  /**
   * Brings the world to what the object of this key asks for; reads the current state itself (usually from an informer), whatever happened to it.
   * Must be idempotent: it runs again after failures, restarts and changes of leader.
   */
  readonly reconcile: (key: string, context: ReconcileContext) => Promise<ReconcileResult | void>;
  /** Waited for before the first key is taken. */
  readonly informers: readonly {
    waitForSync(options?: { readonly signal?: AbortSignal }): Promise<void>;
    readonly status: InformerStatus;
  }[];
  /** Keys worked on at a time, ≥ 1. @defaultValue 1 */
  readonly workers?: number;
  /** How long the informers may take, milliseconds. @defaultValue 120_000 */
  readonly syncTimeoutMs?: number;
  /** Time limit of one reconciliation, milliseconds. Absent: none. */
  readonly reconcileTimeoutMs?: number;
  /** How long keys that wait may take after the signal, milliseconds. @defaultValue 30_000 */
  readonly drainMs?: number;
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly metrics?: Metrics;
}

type Outcome = "success" | "requeue" | "requeue_after" | "error" | "terminal" | "timeout";

/**
 * Runs reconciliations until the signal fires, then works off what waits, for `drainMs` at most.
 *
 * A failed key comes back after a delay that grows with its failures; one that fails with {@link terminalError} does not come back before it changes.
 * Whatever a reconciliation throws is counted, logged and never ends the controller.
 *
 * @throws KINGLET_ERR_KUBE_CLIENT_NOT_SYNCED when the informers take too long; nothing was worked on then.
 * @public
 */
export async function runController(
  options: ControllerOptions,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { queue, workers = 1, drainMs = 30_000, clock = systemClock, logger = noopLogger, name } = options;
  await waitForInformers(options, signal);
  if (signal.aborted) {
    queue.shutDown();
    return;
  }
  const giveUp = new AbortController();
  const reconciles = (options.metrics ?? noopMetrics).counter(RECONCILES_TOTAL);
  const running = Promise.all(
    Array.from({ length: workers }, () => runWorker({ ...options, clock, logger }, reconciles, giveUp.signal)),
  );
  await whenAborted(signal);
  queue.shutDown();
  using patience = withTimeout(drainMs, { clock, name: `${name}: the drain` });
  const isDrained = await Promise.race([running.then(() => true), whenAborted(patience).then(() => false)]);
  if (isDrained) return;
  logger.warn("stopping before every key was worked on", { controller: name, waiting: queue.size });
  giveUp.abort(patience.reason);
  // A reconciliation that does not heed its signal is left behind: the caller's process ends anyway.
}

/**
 * An error after which a key is not tried again until its object changes: what only a person can mend.
 *
 * @public
 */
export function terminalError(problem: string, cause?: unknown): Error {
  return createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_TERMINAL", { problem }, { cause });
}

async function waitForInformers(options: ControllerOptions, signal: AbortSignal): Promise<void> {
  const { informers, name, syncTimeoutMs: timeoutMs = 120_000, clock = systemClock } = options;
  using limit = withTimeout(timeoutMs, { signal, clock, name: `${name}: the informers` });
  try {
    for (const informer of informers) await informer.waitForSync({ signal: limit });
  } catch (error) {
    if (signal.aborted) return;
    const reasons = informers.map((informer) => informer.status.reason).join("; ");
    throw createError(
      kubeClientErrors,
      "KINGLET_ERR_KUBE_CLIENT_NOT_SYNCED",
      { controller: name, timeoutMs, reasons },
      { cause: error },
    );
  }
}

type WorkerOptions = ControllerOptions & { readonly clock: Clock; readonly logger: Logger };

async function runWorker(
  options: WorkerOptions,
  reconciles: Counter<"controller" | "result">,
  signal: AbortSignal,
): Promise<void> {
  const { queue, name } = options;
  for (let next = await queue.take({ signal }); next !== undefined; next = await queue.take({ signal })) {
    const { key, priority } = next;
    const result = await reconcileOnce(options, key, priority, signal);
    reconciles.add(1, { controller: name, result });
    queue.done(key);
  }
}

async function reconcileOnce(
  options: WorkerOptions,
  key: string,
  priority: number,
  stop: AbortSignal,
): Promise<Outcome> {
  const { queue, name, reconcileTimeoutMs, clock, logger } = options;
  const failures = queue.failures(key);
  using limit =
    reconcileTimeoutMs === undefined
      ? undefined
      : withTimeout(reconcileTimeoutMs, { signal: stop, clock, name: `reconciling ${key}` });
  try {
    const signal = limit ?? stop;
    const result = await options.reconcile(key, { signal, failures, priority });
    if (result === undefined) {
      queue.forget(key);
      return "success";
    }
    if ("requeueAfterMs" in result) {
      queue.forget(key);
      queue.addAfter(key, result.requeueAfterMs, { priority });
      return "requeue_after";
    }
    queue.addRateLimited(key, { priority });
    return "requeue";
  } catch (error) {
    const isTerminal = hasCode(error, "KINGLET_ERR_KUBE_CLIENT_TERMINAL");
    if (isTerminal) queue.forget(key);
    else queue.addRateLimited(key, { priority });
    const text = error instanceof Error ? error.message : String(error);
    logger.error("a reconciliation failed", { controller: name, key, failures: failures + 1, isTerminal, error: text });
    if (isTerminal) return "terminal";
    return limit?.aborted === true && !stop.aborted ? "timeout" : "error";
  }
}
