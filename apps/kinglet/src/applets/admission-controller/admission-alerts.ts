import { createHash } from "node:crypto";
import { droppedAlerts, type Decision, type DecisionSubject, type Finding } from "@kinglet/admission";
import { AlertQueue, createStdoutSink } from "@kinglet/alert-sinks";
import type { Alert } from "@kinglet/detection";
import type { Clock } from "@kinglet/lifecycle";
import { openLineWriter } from "@kinglet/logger";
import type { Service } from "../../service/serve-applet.ts";
import { AlertBacklog } from "./alert-backlog.ts";
import type { AdmissionConfig } from "./config.ts";

/** Alerts about violated policies. */
export interface AdmissionAlerts extends AsyncDisposable {
  report(decision: Decision): void;
  drain(timeoutMs: number): Promise<void>;
}

/** Alerts that wait; beyond it the oldest gives way. */
const maxWaiting = 1000;
const maxWaitingBytes = 2_097_152;
/** Alerts on their way to a sink. */
const maxSending = 16;
/** The same policy about the same object is told once in this time, milliseconds: controllers try again and again. */
const cooldownMs = 60_000;
const maxRemembered = 1000;

const severities: Readonly<Record<string, number>> = {
  LOW_SEVERITY: 3,
  MEDIUM_SEVERITY: 5,
  HIGH_SEVERITY: 7,
  CRITICAL_SEVERITY: 9,
};

/**
 * Sends an alert for each violated policy to standard output: bounded, the oldest dropped and counted, so that a reader who stalls stalls alerts and nothing else.
 *
 * @internal
 */
export function openAdmissionAlerts(base: {
  readonly config: AdmissionConfig;
  readonly service: Service;
  onFault(error: unknown): void;
}): AdmissionAlerts {
  const { config, service } = base;
  const { context, logging, metrics } = service;
  const { clock } = context;
  const dropped = metrics.counter(droppedAlerts);
  const waiting = new AlertBacklog({
    maxEntries: maxWaiting,
    maxBytes: maxWaitingBytes,
    onDrop: () => dropped.add(),
  });
  const { isTerminal } = context.stdout;
  const writer = openLineWriter({ fd: 1 });
  const queue = new AlertQueue({
    sinks: [
      createStdoutSink({
        // The writer ends the line itself.
        write: (line) => writer.write(line.replace(/\n$/, "")),
        format: config.output === "text" || (config.output === "auto" && isTerminal) ? "console" : "json",
        color: isTerminal && config.output !== "json" && (context.env["NO_COLOR"] ?? "") === "",
      }),
    ],
    maxEntries: maxSending,
    clock,
    logger: logging.logger("alert-sinks"),
    metrics,
    onConfirmed: async () => {},
    onFailed: async () => dropped.add(),
  });
  const stopping = new AbortController();
  const { signal } = stopping;
  const stopped = (error: unknown): void => {
    if (!signal.aborted) base.onFault(error);
  };
  const running = queue.run({ signal }).catch(stopped);
  const feeding = (async () => {
    let sequence = 0;
    for (;;) {
      const alert = await waiting.take({ signal });
      while (!queue.offer(alert, sequence)) await queue.waitForRoom({ signal });
      sequence++;
    }
  })().catch(stopped);
  const recent = new RecentAlerts(clock);
  const stop = async (): Promise<void> => {
    stopping.abort(new Error("stopping"));
    await Promise.all([running, feeding]);
  };
  return {
    report({ answer, findings, subject }) {
      if (subject === undefined) return;
      for (const finding of findings) {
        if (
          !recent.isNew(
            `${finding.verdict.policy.id} ${subject.namespace}/${subject.kind}/${subject.name} ${finding.mode}`,
          )
        )
          continue;
        waiting.offer(
          alertOf(finding, subject, {
            clusterName: config.clusterName,
            nowMs: clock.now(),
            isRefused: !answer.allowed,
          }),
        );
      }
    },
    async drain(timeoutMs) {
      for (let alert = waiting.tryTake(); alert !== undefined && queue.offer(alert, 0); alert = waiting.tryTake());
      await queue.drain({ timeoutMs });
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** Which alerts were raised a short while ago; bounded. */
class RecentAlerts {
  readonly #clock: Clock;
  /** End of the time by key, oldest first. */
  readonly #untilMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isNew(key: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    const untilMs = this.#untilMs.get(key);
    if (untilMs !== undefined && untilMs > nowMs) return false;
    this.#untilMs.delete(key);
    for (const [oldest] of this.#untilMs) {
      if (this.#untilMs.size < maxRemembered) break;
      this.#untilMs.delete(oldest);
    }
    this.#untilMs.set(key, nowMs + cooldownMs);
    return true;
  }
}

const did = { deny: "refused", warn: "warned about", audit: "allowed" } as const;

/** An alert in the shape that all sinks know; what concerns processes is empty. @internal */
export function alertOf(
  { verdict, mode }: Finding,
  subject: DecisionSubject,
  {
    clusterName,
    nowMs,
    isRefused,
  }: { readonly clusterName: string; readonly nowMs: number; readonly isRefused: boolean },
): Alert {
  const { policy, violations } = verdict;
  const time = new Date(nowMs).toISOString();
  const name = subject.name === "" ? subject.kind : `${subject.kind} ${subject.name}`;
  const identity = [policy.id, subject.namespace, subject.kind, subject.name, subject.operation, mode, time];
  const what = isRefused && mode !== "deny" ? "would have allowed" : did[mode];
  return {
    uniqueId: createHash("sha256").update(JSON.stringify(identity)).digest("hex").slice(0, 32),
    ruleId: policy.id,
    ruleName: policy.name,
    severity: severities[policy.severity] ?? 1,
    message: `${what} ${subject.operation} of ${name} by ${subject.user}: ${violations
      .map(({ message }) => message)
      .join("; ")
      .slice(0, 4000)}`,
    time,
    clusterName,
    nodeName: "",
    namespace: subject.namespace,
    podName: subject.kind === "Pod" ? subject.name : "",
    podUid: subject.kind === "Pod" ? subject.uid : "",
    containerName: "",
    containerId: "",
    image: subject.image,
    workloadKind: subject.owner?.kind ?? subject.kind,
    workloadName: subject.owner?.name ?? subject.name,
    process: { pid: -1, uid: -1, binary: "", args: "", cwd: "", execId: "", parentBinary: "", parentPid: -1 },
    profile: undefined,
  };
}
