import { createError, hasCode } from "@kinglet/errors";
import { sleep, systemClock, whenAborted, type Clock } from "@kinglet/lifecycle";
import { noopLogger, type Logger } from "@kinglet/logger";
import { noopMetrics, type Metrics } from "@kinglet/metrics";
import { kubeClientErrors } from "../errors.ts";
import type { KubeClient } from "../kube-client.ts";
import { LeaseHolder } from "./lease-holder.ts";
import { LEADER, LEASE_FAILURES_TOTAL } from "./metrics.ts";

/** @public */
export interface LeaderOptions {
  readonly client: Pick<KubeClient, "get" | "create" | "replace">;
  readonly namespace: string;
  /** Name of the Lease; one per thing that must be done by one instance only. */
  readonly name: string;
  /** Unique per instance, e.g. the pod name and a random part. */
  readonly identity: string;
  /** How long others wait after the last renewal they saw, milliseconds. @defaultValue 15_000 */
  readonly leaseDurationMs?: number;
  /** Without a renewal for this long the leader gives up, milliseconds, < `leaseDurationMs`. @defaultValue 10_000 */
  readonly renewDeadlineMs?: number;
  /** Between attempts, milliseconds; who waits for the lease adds up to 1.2 times as much at random. @defaultValue 2_000 */
  readonly retryMs?: number;
  readonly clock?: Clock;
  /** 0 ≤ x < 1. @defaultValue `Math.random` */
  readonly random?: () => number;
  readonly logger?: Logger;
  readonly metrics?: Metrics;
}

/**
 * Waits for the lease, runs `lead` while it is held, and gives it back at the end, so that the next instance need not wait for it to expire.
 *
 * Whether another holder's lease has run out is judged by when *this* process saw it change last, by a clock that does not jump; clocks of other machines
 * do not matter. Leadership is not a fence: a leader that was stopped for a while may still have a write under way, so writes must be idempotent and guarded by
 * resourceVersion.
 *
 * Takeover after a crash: up to `leaseDurationMs` + one attempt; after an orderly end: one attempt (2 to 4.4 s).
 *
 * @param lead - gets a signal that fires when the lease is lost or the caller stops; the lease is given back once it has settled.
 * @throws KINGLET_ERR_KUBE_CLIENT_LEASE_LOST when the lease could not be renewed in time: the process should end, since what `lead` still does is no longer
 * covered; whatever `lead` throws.
 * @see kubernetes/client-go `tools/leaderelection/leaderelection.go`
 * @public
 */
export async function runAsLeader(
  options: LeaderOptions,
  { signal, lead }: { readonly signal: AbortSignal; readonly lead: (leading: AbortSignal) => Promise<void> },
): Promise<void> {
  const { logger = noopLogger, metrics = noopMetrics, clock = systemClock, random = Math.random } = options;
  const { retryMs = 2_000, renewDeadlineMs = 10_000, leaseDurationMs = 15_000, name } = options;
  checkTimes({ retryMs, renewDeadlineMs, leaseDurationMs });
  const isLeader = metrics.gauge(LEADER);
  const failures = metrics.counter(LEASE_FAILURES_TOTAL);
  const labels = { lease: `${options.namespace}/${name}` };
  const holder = new LeaseHolder({
    ...options,
    clock,
    leaseDurationMs,
    timeoutMs: Math.max(1_000, renewDeadlineMs / 2),
  });
  const attempt = async (until: AbortSignal): Promise<boolean> => {
    try {
      return await holder.acquireOrRenew(until);
    } catch (error) {
      if (until.aborted) return false;
      failures.add(1, labels);
      logger.warn("the lease could not be read or written", { ...labels, error: (error as Error).message });
      return false;
    }
  };
  isLeader.set(0, labels);
  while (!(await attempt(signal))) {
    if (await isStopped(retryMs * (1 + 1.2 * random()), signal, clock)) return;
  }
  logger.info("leading", { ...labels, identity: options.identity });
  isLeader.set(1, labels);
  const leading = new AbortController();
  const stopLeading = (): void => leading.abort(signal.reason);
  signal.addEventListener("abort", stopLeading, { once: true });
  if (signal.aborted) stopLeading();
  const renewing = new AbortController();
  const work = lead(leading.signal).finally(() => renewing.abort());
  try {
    const isLost = renewUntilLost({ holder, attempt, retryMs, renewDeadlineMs, clock }, renewing.signal);
    const end = await Promise.race([work.then(() => "done" as const), isLost]);
    if (end === "lost") {
      const problem = createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_LEASE_LOST", {
        lease: labels.lease,
        deadlineMs: renewDeadlineMs,
      });
      leading.abort(problem);
      // How the rest of the work ends is no longer anybody's business.
      work.catch(() => {});
      throw problem;
    }
    await work;
    await holder.release();
  } catch (error) {
    // Work that failed gives the lease back too; a lease that was lost is not ours to give.
    if (!hasCode(error, "KINGLET_ERR_KUBE_CLIENT_LEASE_LOST")) await holder.release();
    throw error;
  } finally {
    renewing.abort();
    signal.removeEventListener("abort", stopLeading);
    isLeader.set(0, labels);
  }
}

async function renewUntilLost(
  {
    holder,
    attempt,
    retryMs,
    renewDeadlineMs,
    clock,
  }: {
    readonly holder: LeaseHolder;
    readonly attempt: (signal: AbortSignal) => Promise<boolean>;
    readonly retryMs: number;
    readonly renewDeadlineMs: number;
    readonly clock: Clock;
  },
  signal: AbortSignal,
): Promise<"lost" | "over"> {
  for (;;) {
    // The deadline holds whatever the call that is under way does.
    const leftMs = holder.renewedMs + renewDeadlineMs - clock.monotonicMs();
    const round = new AbortController();
    const stopRound = (): void => round.abort(signal.reason);
    signal.addEventListener("abort", stopRound, { once: true });
    if (signal.aborted) stopRound();
    try {
      const deadline = sleep(Math.max(0, leftMs), { signal: round.signal, clock }).then(
        () => "lost" as const,
        () => "over" as const,
      );
      const end = await Promise.race([
        deadline,
        // The round's own signal, which goes with the round: nothing of it stays at one that lives for days.
        whenAborted(round.signal).then(() => "over" as const),
        (async () => {
          if (await isStopped(retryMs, round.signal, clock)) return "over" as const;
          await attempt(round.signal);
          return holder.isSomebodyElses ? ("lost" as const) : ("again" as const);
        })(),
      ]);
      if (signal.aborted) return "over";
      if (end === "lost") return "lost";
    } finally {
      signal.removeEventListener("abort", stopRound);
      round.abort();
    }
  }
}

/** Waits; true when the signal fired. */
async function isStopped(ms: number, signal: AbortSignal, clock: Clock): Promise<boolean> {
  try {
    await sleep(ms, { signal, clock });
  } catch {
    return true;
  }
  return signal.aborted;
}

function checkTimes(times: {
  readonly retryMs: number;
  readonly renewDeadlineMs: number;
  readonly leaseDurationMs: number;
}): void {
  const { retryMs, renewDeadlineMs, leaseDurationMs } = times;
  if (retryMs > 0 && renewDeadlineMs > 1.2 * retryMs && leaseDurationMs > renewDeadlineMs) return;
  throw createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_ARGUMENT", {
    what: "times of the lease",
    problem: `leaseDurationMs (${leaseDurationMs}) must be longer than renewDeadlineMs (${renewDeadlineMs}), and that longer than 1.2 × retryMs (${retryMs})`,
  });
}
