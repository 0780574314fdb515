import type { Finding } from "@kinglet/enrichment";
import { untilAborted } from "@kinglet/lifecycle";
import type { Checkpoint } from "../checkpoint.ts";
import { listRotated } from "../export-folder.ts";
import type { FollowedFile } from "../file-follower-options.ts";
import { FileFollower } from "../file-follower.ts";
import type { LineBuffer } from "../line-buffer.ts";
import type { SourceHealth } from "../source-health.ts";
import { JsonValue } from "../webhook/json-value.ts";
import { eventLimits } from "./create-kubernetes-audit-route.ts";
import type { KubernetesAuditLog, KubernetesAuditLogOptions } from "./kubernetes-audit-log.ts";

type Deliver = (finding: Finding) => void | Promise<void>;

/** Checked settings. @internal */
export type AuditLogSettings = FollowedFile & Pick<KubernetesAuditLogOptions, "intake">;

/**
 * See {@link KubernetesAuditLog}; made by `openKubernetesAuditLog`.
 *
 * @internal
 */
export class AuditLogReader implements KubernetesAuditLog {
  readonly #settings: AuditLogSettings;
  readonly #value: JsonValue = new JsonValue(eventLimits);
  readonly #follower: FileFollower;
  #run: { readonly signal: AbortSignal; readonly deliver: Deliver } = {
    signal: AbortSignal.abort(),
    deliver: () => {},
  };
  /** A finding about lines that were passed over, on its way: nothing further is read meanwhile. */
  #telling: Promise<void> | undefined;
  #lastEventAtMs: number | undefined;
  #events = 0;
  #unusable = 0;

  constructor(settings: AuditLogSettings, checkpoint: Checkpoint | undefined) {
    this.#settings = settings;
    this.#follower = new FileFollower(settings, checkpoint, {
      noun: "audit log",
      listRotated,
      take: (lines) => this.#take(lines),
      skipped: (reason, count) => {
        const outcomes = { partial: "partial", too_long: "too-large", malformed: "unusable" } as const;
        this.#skipped(outcomes[reason], count);
      },
      mark: (file, offset) => ({
        position: file === undefined ? undefined : { ...file.identity, offset },
        confirmed: [],
      }),
    });
  }

  run({ signal: outer, deliver }: { readonly signal: AbortSignal; readonly deliver: Deliver }): Promise<void> {
    return this.#follower.run(outer, (signal, read) => {
      this.#run = { signal, deliver };
      this.#telling = undefined;
      return read();
    });
  }

  health(): SourceHealth {
    return {
      name: "kubernetes-audit-log",
      ...this.#follower.health(),
      lastEventAtMs: this.#lastEventAtMs,
      eventsTotal: this.#events,
      decodeErrors: this.#unusable,
      unknownEvents: 0,
      droppedUpstream: 0,
      isEstimate: false,
      droppedByUs: 0,
      openEvents: 0,
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#follower.close();
  }

  #take(lines: LineBuffer): Promise<void> | undefined {
    if (this.#telling !== undefined) return this.#takeAfter(this.#telling, lines);
    const finding = this.#judge(lines);
    if (finding !== undefined) return this.#hand(finding, lines.nextOffset);
    this.#follower.doneOffset = lines.nextOffset;
    return undefined;
  }

  async #takeAfter(telling: Promise<void>, lines: LineBuffer): Promise<void> {
    this.#telling = undefined;
    const { signal } = this.#run;
    try {
      await telling;
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    if (!signal.aborted) await this.#take(lines);
  }

  /** Judges the current line. */
  #judge({ bytes, lineStart, lineEnd }: LineBuffer): Finding | undefined {
    const { intake } = this.#settings;
    if (lineEnd === lineStart) {
      intake.count("blank");
      return undefined;
    }
    const value = this.#value;
    value.reset();
    const end = value.push(bytes, lineStart, lineEnd);
    if (value.outcome !== "whole") {
      this.#skipped(value.outcome);
      return undefined;
    }
    let found: Finding | undefined;
    let event: unknown;
    try {
      // Behind the event there is nothing, but for a carriage return.
      const isAlone = end === lineEnd || (end === lineEnd - 1 && bytes[end] === 0x0d);
      event = isAlone ? JSON.parse(value.text()) : undefined;
    } catch {
      // A line that two writers wrote into, or that was cut: counted below.
      event = undefined;
    }
    const outcome = intake.take(event, (finding) => {
      found = finding;
      return true;
    });
    if (outcome === "unusable") this.#unusable += 1;
    else {
      this.#events += 1;
      this.#lastEventAtMs = this.#settings.clock.now();
    }
    return found;
  }

  /** A line whose finding did not find its way before the signal fired is not done with. */
  async #hand(finding: Finding, nextOffset: number): Promise<void> {
    const { signal, deliver } = this.#run;
    let isDone = false;
    try {
      const pending = deliver(finding);
      if (pending !== undefined) await untilAborted(pending, signal);
      isDone = true;
      this.#follower.doneOffset = nextOffset;
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      if (!isDone) this.#settings.intake.forget(finding);
    }
  }

  #skipped(outcome: "partial" | "too-large" | "too-deep" | "unusable", times = 1): void {
    this.#unusable += times;
    const { intake } = this.#settings;
    if (outcome !== "too-large" && outcome !== "too-deep") return intake.count(outcome, times);
    return intake.passOver(outcome, times, (finding) => this.#tell(finding));
  }

  /** Lines that are passed over do not wait; the next line does. */
  #tell(finding: Finding): boolean {
    const { signal, deliver } = this.#run;
    const pending = deliver(finding);
    if (pending === undefined) return true;
    this.#telling = untilAborted(pending, signal);
    this.#telling.catch(() => {
      // Whoever waits for it hears of it.
    });
    return true;
  }
}
