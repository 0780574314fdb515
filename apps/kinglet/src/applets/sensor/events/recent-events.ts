import type { ActivityEvent, ExecEvent } from "@kinglet/enrichment";

/** One event as people see it. @internal */
export interface RecentEvent {
  readonly time: string;
  readonly kind: string;
  readonly process: string;
  /** What it was about; empty for an execution, which the process tells. */
  readonly subject: string;
}

const perContainer = 8;

/** Of an execution a copy without its arguments: those are the container's to choose, and up to 64 KB. */
type Kept = Exclude<ActivityEvent, ExecEvent> | (RecentEvent & { readonly kind: "exec" });

interface Ring {
  readonly events: (Kept | undefined)[];
  next: number;
}

/**
 * The last events of each container, for those who ask what a container does.
 *
 * Bounded: eight events of each of the containers that were active last, without arguments. A further event of a known container allocates nothing
 * but, for an execution, a copy of four fields.
 *
 * @internal
 */
export class RecentEvents {
  readonly #maxContainers: number;
  /** The one that came last is last. */
  readonly #rings: Map<string, Ring> = new Map();
  #last: Ring | undefined;
  #lastId = "";

  constructor(maxContainers: number) {
    this.#maxContainers = maxContainers;
  }

  add(event: ActivityEvent, containerId: string): void {
    const ring = containerId === this.#lastId && this.#last !== undefined ? this.#last : this.#ringOf(containerId);
    ring.events[ring.next] =
      event.kind === "exec" ? { time: event.time, kind: "exec", process: event.binary, subject: "" } : event;
    ring.next = (ring.next + 1) % perContainer;
  }

  /** Oldest first. */
  of(containerId: string): readonly RecentEvent[] {
    const ring = this.#rings.get(containerId);
    if (ring === undefined) return [];
    const ordered = [...ring.events.slice(ring.next), ...ring.events.slice(0, ring.next)];
    return ordered.flatMap((event) => (event === undefined ? [] : [describe(event)]));
  }

  #ringOf(containerId: string): Ring {
    let ring = this.#rings.get(containerId);
    if (ring === undefined) {
      if (this.#rings.size >= this.#maxContainers) {
        for (const oldest of this.#rings.keys()) {
          this.#rings.delete(oldest);
          break;
        }
      }
      ring = { events: Array.from({ length: perContainer }, () => undefined), next: 0 };
    } else {
      this.#rings.delete(containerId);
    }
    this.#rings.set(containerId, ring);
    this.#last = ring;
    this.#lastId = containerId;
    return ring;
  }
}

function describe(event: Kept): RecentEvent {
  if (event.kind === "exec") return event;
  return { time: event.time, kind: event.kind, process: event.binary, subject: subjectOf(event) };
}

/** No arguments: they may hold secrets, and people know the program by its path. */
function subjectOf(event: Exclude<Kept, RecentEvent>): string {
  switch (event.kind) {
    case "open":
      return event.path;
    case "network":
      return `${event.direction} ${event.address}:${event.port}/${event.protocol}`;
    case "dns":
    case "syscall":
      return event.name;
    case "capabilities":
      return event.capability;
    case "symlink":
    case "hardlink":
      return `${event.newPath} -> ${event.oldPath}`;
    default:
      return event.syscallName;
  }
}
