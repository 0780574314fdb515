import type { LearningHooks } from "@kinglet/detection";
import type { ContainerLearning } from "./container-learning.ts";
import type { JudgementParts } from "../events/event-pipeline.ts";

/**
 * Stands for learning until there is something to learn: what is noted before it is loaded is told it in order then.
 *
 * @internal
 */
export class LearningSeam {
  readonly #load: () => Promise<ContainerLearning>;
  readonly #opened: PromiseWithResolvers<ContainerLearning> = Promise.withResolvers();
  #notes: ((learning: ContainerLearning) => void)[] = [];
  #learning: ContainerLearning | undefined;
  #isLoading = false;
  /** What was recorded of policies since the last event, see {@link LearningSeam.recorder}. */
  #policyPosition = 0;
  /** What detection tells and asks. */
  readonly hooks: LearningHooks = {
    isLearning: (containerId) => this.#learning?.isLearning(containerId) === true,
    recordRulePolicy: (container, ruleId, processName) => {
      const position = this.#learning?.learner.recordRulePolicy(container, ruleId, processName) ?? 0;
      if (position > this.#policyPosition) this.#policyPosition = position;
    },
  };

  constructor(load: () => Promise<ContainerLearning>) {
    this.#load = load;
    // Whoever waits for it gets the error; nobody may be waiting yet.
    this.#opened.promise.catch(() => {});
  }

  /** Undefined while there was nothing to learn. */
  get learning(): ContainerLearning | undefined {
    return this.#learning;
  }

  /** Resolves once there was something to learn and learning is loaded; rejects when it cannot be. */
  get opened(): Promise<ContainerLearning> {
    return this.#opened.promise;
  }

  /** Records an event after it was judged: what its rules recorded is waited for with it. */
  recorder({ learner }: ContainerLearning): NonNullable<JudgementParts["learner"]> {
    return {
      record: (event, container) => {
        const position = Math.max(learner.record(event, container), this.#policyPosition);
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
