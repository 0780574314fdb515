import type { LearningHooks } from "@kinglet/detection";
import type { ActivityEvent, ContainerIdentity } from "@kinglet/enrichment";
import type { ContainerLearning } from "./container-learning.ts";
import type { JudgementParts } from "../events/judgement-parts.ts";

/** Containers that are remembered of which something was given up. */
const maxMissed = 1_024;

/**
 * Stands for learning until there is something to learn: what is noted before it is loaded is told it in order then.
 *
 * @internal
 */
export class LearningSeam {
  readonly #load: () => Promise<ContainerLearning>;
  readonly #isHostNetwork: (container: ContainerIdentity) => boolean;
  readonly #opened: PromiseWithResolvers<ContainerLearning> = Promise.withResolvers();
  #notes: ((learning: ContainerLearning) => void)[] = [];
  #learning: ContainerLearning | undefined;
  #isLoading = false;
  /** What was recorded of policies since the last event, see {@link LearningSeam.recorder}. */
  #policyPosition = 0;
  /** Begins of ids of containers that were not known in time, with the time of the first event; oldest first. */
  readonly #missed: Map<string, number> = new Map();
  /** What detection tells and asks. */
  readonly hooks: LearningHooks = {
    isLearning: (containerId) => this.#learning?.isLearning(containerId) === true,
    recordRulePolicy: (container, ruleId, processName) => {
      const position = this.#learning?.learner.recordRulePolicy(container, ruleId, processName) ?? 0;
      if (position > this.#policyPosition) this.#policyPosition = position;
    },
  };

  constructor(
    load: () => Promise<ContainerLearning>,
    { isHostNetwork }: { readonly isHostNetwork: (container: ContainerIdentity) => boolean },
  ) {
    this.#load = load;
    this.#isHostNetwork = isHostNetwork;
    // Whoever waits for it gets the error; nobody may be waiting yet.
    this.#opened.promise.catch(() => {});
  }

  /** Undefined while there was nothing to learn. */
  get learning(): ContainerLearning | undefined {
    return this.#learning;
  }

  /** True from the first note on, also while learning is loaded for it: what happens meanwhile must be noted, too. */
  get isAsked(): boolean {
    return this.#isLoading;
  }

  /** Resolves once there was something to learn and learning is loaded; rejects when it cannot be. */
  get opened(): Promise<ContainerLearning> {
    return this.#opened.promise;
  }

  /** An event was given up before it could be learned: the profile of its container has a gap. */
  missed(event: ActivityEvent, containerId: string | undefined): void {
    const { receivedAtMs, containerIdPrefix } = event;
    if (containerId !== undefined) {
      this.note(({ learner }) => learner.sourceBlind(receivedAtMs, receivedAtMs + 1, [containerId]));
      return;
    }
    if (containerIdPrefix === "" || this.#missed.has(containerIdPrefix)) return;
    if (this.#missed.size >= maxMissed) {
      for (const oldest of this.#missed.keys()) {
        this.#missed.delete(oldest);
        break;
      }
    }
    this.#missed.set(containerIdPrefix, receivedAtMs);
  }

  /** When the first event was given up of a container that nobody knew then; milliseconds since 1970. */
  missedSince(containerId: string): number | undefined {
    for (const [prefix, sinceMs] of this.#missed) if (containerId.startsWith(prefix)) return sinceMs;
    return undefined;
  }

  /** True when conversations of the container are recorded. */
  isRecorded(container: ContainerIdentity): boolean {
    return this.#learning?.isLearning(container.containerId) === true && !this.#isHostNetwork(container);
  }

  /** Records an event after it was judged: what its rules recorded is waited for with it. */
  recorder(learning: ContainerLearning): NonNullable<JudgementParts["learner"]> {
    const { learner } = learning;
    return {
      record: (event, container) => {
        learning.sawEvent(event.receivedAtMs);
        // On the node's network a container's connections are anybody's.
        const isOthers = event.kind === "network" && this.#isHostNetwork(container);
        const position = Math.max(isOthers ? 0 : learner.record(event, container), this.#policyPosition);
        this.#policyPosition = 0;
        return position;
      },
      whenPersisted: (position, sequence, done) => learner.whenPersisted(position, sequence, done),
    };
  }

  note(note: (learning: ContainerLearning) => void): void {
    if (this.#learning !== undefined) {
      note(this.#learning);
      return;
    }
    this.#notes.push(note);
    this.open();
  }

  open(): void {
    if (this.#isLoading) return;
    this.#isLoading = true;
    this.#load().then(
      (learning) => {
        this.#learning = learning;
        for (const note of this.#notes) note(learning);
        this.#notes = [];
        this.#opened.resolve(learning);
      },
      (error: unknown) => this.#opened.reject(error),
    );
  }
}
