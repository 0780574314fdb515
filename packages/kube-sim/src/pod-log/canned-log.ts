import { readPath, type JsonRecord, type KubeObject } from "../resources/kube-object.ts";

/** Time between two lines of a container, milliseconds. */
const LINE_EVERY_MS = 10_000;
/** Lines of a container that can be read: older ones are rotated away, as a kubelet does with its files. */
const MAX_LINES = 10_000;

/** One line of a log, with the time at which it was written, milliseconds since 1970-01-01 UTC. */
export interface LogLine {
  readonly at: number;
  readonly text: string;
}

/**
 * What a container has said: the line `NAMESPACE/POD/CONTAINER: line N` every ten seconds from its start on, the first at once.
 *
 * Nothing is stored: lines follow from the times in the pod's status and the clock, so that they are the same in every run.
 */
export class CannedLog {
  readonly #prefix: string;
  readonly #startMs: number;
  readonly #endMs: number;

  /** @param state - of the container: `running` or `terminated`; the pod's own times stand in for missing ones. */
  constructor(pod: KubeObject, container: string, state: JsonRecord | undefined) {
    const { namespace = "", name, creationTimestamp } = pod.metadata;
    const times = [
      readPath(state, "running.startedAt"),
      readPath(state, "terminated.startedAt"),
      readPath(pod, "status.startTime"),
      creationTimestamp,
    ].map(timeOf);
    this.#prefix = `${namespace}/${name}/${container}: line `;
    this.#startMs = times.find((time) => time !== undefined) ?? 0;
    this.#endMs = timeOf(readPath(state, "terminated.finishedAt")) ?? Number.POSITIVE_INFINITY;
  }

  /** How many lines there are at a time. */
  countAt(now: number): number {
    const last = Math.min(now, this.#endMs);
    return last < this.#startMs ? 0 : Math.floor((last - this.#startMs) / LINE_EVERY_MS) + 1;
  }

  /** The first line that can still be read, and that is not older than a time. */
  firstAfter(since: number, now: number): number {
    const recent = Math.ceil((since - this.#startMs) / LINE_EVERY_MS);
    return Math.max(0, this.countAt(now) - MAX_LINES, recent);
  }

  /** @param index - 0 for the first line. */
  line(index: number): LogLine {
    return { at: this.#startMs + index * LINE_EVERY_MS, text: `${this.#prefix}${index + 1}` };
  }

  /** Milliseconds until the next line; undefined when the container has ended. */
  nextInMs(now: number): number | undefined {
    const next = this.line(this.countAt(now)).at;
    return next > this.#endMs ? undefined : Math.max(0, next - now);
  }
}

function timeOf(value: unknown): number | undefined {
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
