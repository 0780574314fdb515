import type { LearningHooks } from "@kinglet/detection";
import type { ActivityEvent, ContainerIdentity } from "@kinglet/enrichment";
import type { ContainerLearning } from "./container-learning.ts";
import type { JudgementParts } from "../events/judgement-parts.ts";

/** Ids and names that are remembered of which something was given up. */
const maxMissed = 1_024;
/** An instance of a container that is watched so much later than another one was missed is judged by itself. Milliseconds. */
const sameStoryMs = 600_000;

/** What was given up of a container, or of all that have its names. */
interface Missed {
  readonly sinceMs: number;
  lastMs: number;
}

/** What the seam asks of the rest of the sensor. @internal */
export interface LearningSeamOptions {
  readonly isHostNetwork: (container: ContainerIdentity) => boolean;
  /** The known containers of the event's pod that have its container name. */
  readonly namesakes: (event: ActivityEvent) => readonly ContainerIdentity[];
}

/**
 * Stands for learning until there is something to learn: what is noted before it is loaded is told it in order then.
 *
 * @internal
 */
export class LearningSeam {
  readonly #load: () => Promise<ContainerLearning>;
  readonly #isHostNetwork: (container: ContainerIdentity) => boolean;
  readonly #namesakes: LearningSeamOptions["namesakes"];
  readonly #opened: PromiseWithResolvers<ContainerLearning> = Promise.withResolvers();
  #notes: ((learning: ContainerLearning) => void)[] = [];
  #learning: ContainerLearning | undefined;
  #isLoading = false;
  /** What was recorded of policies since the last event, see {@link LearningSeam.recorder}. */
  #policyPosition = 0;
  /** What was given up because nobody knew the container in time, by the begin of its id and by its names; oldest first. */
  readonly #missed: Map<string, Missed> = new Map();
  /** What detection tells and asks. */
  readonly hooks: LearningHooks = {
    isLearning: (containerId) => this.#learning?.isLearning(containerId) === true,
    recordRulePolicy: (container, ruleId, processName) => {
      const position = this.#learning?.learner.recordRulePolicy(container, ruleId, processName) ?? 0;
      if (position > this.#policyPosition) this.#policyPosition = position;
    },
  };

  constructor(load: () => Promise<ContainerLearning>, { isHostNetwork, namesakes }: LearningSeamOptions) {
    this.#load = load;
    this.#isHostNetwork = isHostNetwork;
    this.#namesakes = namesakes;
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

  /**
   * An event was given up before it could be learned: the profile of its container has a gap. Where nobody knows its container by then, that is
   * the profile of those that its names mean, now and for the next ten minutes: they are instances of one container.
   */
  missed(event: ActivityEvent, containerId: string | undefined): void {
    const { receivedAtMs, containerIdPrefix: prefix } = event;
    if (containerId !== undefined) {
      this.note(({ learner }) => learner.sourceBlind(receivedAtMs, receivedAtMs + 1, [containerId]));
      return;
    }
    const before = prefix === "" ? undefined : this.#missed.get(prefix);
    if (before !== undefined) {
      before.lastMs = receivedAtMs;
      return;
    }
    const { podUid, podNamespace, podName, containerName } = event;
    const names = namesOf(podUid, podNamespace, podName, containerName);
    const known = names === "" ? undefined : this.#missed.get(names);
    const missed = known ?? { sinceMs: receivedAtMs, lastMs: receivedAtMs };
    missed.lastMs = receivedAtMs;
    if (prefix !== "") this.#remember(prefix, missed);
    if (names === "" || (prefix === "" && known !== undefined)) return;
    if (known === undefined) this.#remember(names, missed);
    // Without a note nobody is learned yet.
    const ids = this.#isLoading ? this.#namesakes(event).map(({ containerId }) => containerId) : [];
    // Whenever they began: it was before this.
    if (ids.length > 0) this.note(({ learner }) => learner.sourceBlind(receivedAtMs, Number.POSITIVE_INFINITY, ids));
  }

  /**
   * When the first event was given up that was the container's, but nobody knew it then, or that had all its names less than ten minutes ago;
   * milliseconds since 1970.
   */
  missedSince(
    { containerId, podUid, namespace, podName, containerName }: ContainerIdentity,
    nowMs: number,
  ): number | undefined {
    for (const [prefix, { sinceMs }] of this.#missed) if (containerId.startsWith(prefix)) return sinceMs;
    for (const uid of [podUid, ""]) {
      const missed = this.#missed.get(namesOf(uid, namespace, podName, containerName));
      if (missed !== undefined && nowMs - missed.lastMs < sameStoryMs) return missed.sinceMs;
    }
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

  #remember(key: string, missed: Missed): void {
    if (this.#missed.size >= maxMissed) {
      for (const oldest of this.#missed.keys()) {
        this.#missed.delete(oldest);
        break;
      }
    }
    this.#missed.set(key, missed);
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

/** Empty when they mean no container; never the begin of an id. */
function namesOf(podUid: string, namespace: string, podName: string, containerName: string): string {
  if (containerName === "" || (podUid === "" && podName === "")) return "";
  return podUid === "" ? `${namespace}/${podName}/${containerName}` : `${podUid}/${containerName}`;
}
