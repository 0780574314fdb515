import type { ContainerProfile, ProfileCompletion, ProfileStatus, ProfileSurface } from "@kinglet/profile";

import type { OverlayDocument, ProfileObjectKind } from "./profile-source.ts";

/** `dueMs` of an object that waits for the next tick. @internal */
export const AT_NEXT_TICK: number = Infinity;

/**
 * One object of the store that profiles are made of: what is known of it and when to ask again. Shared by everything that is made of
 * it, so that the replicas of a workload cost one fetch. `Binding` is what is made of it.
 *
 * @internal
 */
export class SourceObject<Binding> {
  readonly kind: ProfileObjectKind;
  readonly namespace: string;
  readonly name: string;
  /** The last answer; failures do not change it. `unreadable`: the store says that it can never be read as it is. */
  outcome: "unknown" | "absent" | "present" | "unreadable" = "unknown";
  uid = "";
  resourceVersion = "";
  /** True for a profile with a status; as of the last arrival. */
  isLearned = false;
  /** Of a profile, as of the last arrival. */
  status: ProfileStatus = "";
  completion: ProfileCompletion = "";
  unobserved: readonly ProfileSurface[] | undefined = undefined;
  /** Names of the containers that a grouped document describes; undefined: any. As of the last arrival. */
  coversOnly: readonly string[] | undefined = undefined;
  /** The object itself, from its arrival until everything that is made of it is made. */
  content: ContainerProfile | OverlayDocument | undefined = undefined;
  /** True when `content` is needed although the version is known. */
  isContentWanted = false;
  /** True after the first fetch, also when it failed. */
  isTried = false;
  /** Why the last fetch failed; empty when it did not. */
  problem = "";
  /** When the store answered last, wall clock, milliseconds; 0 before. A failure is no answer. */
  fetchedAtMs = 0;
  /** What is made of it. */
  readonly bindings: Binding[] = [];
  /** How many of them still need the content. */
  unsettled = 0;
  /** Running containers that depend on it. At 0 no new fetch is due. */
  live = 0;
  /** Attempts in a row that brought nothing; picks the back-off. */
  attempt = 0;
  /** When to fetch again, monotonic milliseconds, or {@link AT_NEXT_TICK}. */
  dueMs: number = AT_NEXT_TICK;
  /** The fetch under way. A result that belongs to another controller is dropped. */
  flight: AbortController | undefined = undefined;
  /** True when the watch saw a change while a fetch was under way. */
  isDirty = false;
  /** True from a tick until it was fetched again. */
  isInRound = false;

  constructor(kind: ProfileObjectKind, namespace: string, name: string) {
    this.kind = kind;
    this.namespace = namespace;
    this.name = name;
  }

  /** Forgets the content unless somebody still needs it: the raw object is several times the size of what is made of it. */
  forgetContent(): void {
    if (this.unsettled === 0) this.content = undefined;
  }

  /** How people call it. */
  get title(): string {
    return `${this.kind} ${this.name}`;
  }

  /** Which object in which version; part of the keys of what is made of it. */
  get version(): string {
    return `${this.kind}/${this.namespace}/${this.name}/${this.uid}@${this.resourceVersion}`;
  }
}
