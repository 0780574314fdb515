/**
 * What a learner is doing with one container.
 *
 * - `initializing`: it learns, nothing was reported yet.
 * - `ready`: it learns, and what it learned until the last report is in the store (the word is that of the profile's annotation).
 * - `ending`: the container ended; late events and its exit code are awaited.
 * - `completed`: learned; its time was over, or it ended well, or others had learned the same workload to the end.
 * - `failed`: it ended with another exit code than 0, or with none that anybody knew. What was seen counts as `completed`, `partial`.
 * - `incomplete`: it ended and nothing was ever seen of it: nothing is claimed.
 * - `too-large`: it did more than the store or the limits take.
 * - `ignored`: not learned; the reason says why.
 *
 * @public
 */
export type LearningState =
  | "initializing"
  | "ready"
  | "ending"
  | "completed"
  | "failed"
  | "incomplete"
  | "too-large"
  | "ignored";

/** What moves a container from one {@link LearningState} to another. @internal */
export type LearningTrigger =
  /** A report was made, or there was nothing to report at its time. */
  | "reported"
  /** The learning time is over, and something was seen in it. */
  | "window-over"
  /** The container is gone. */
  | "ended"
  /** It ended with exit code 0. */
  | "exit-succeeded"
  /** It ended otherwise, or nobody said how. */
  | "exit-failed"
  /** It ended, and nothing was seen. */
  | "exit-unseen"
  /** More than the store or the limits take. */
  | "overflow"
  /** The profile was final before this container began to contribute, or is not a learner's to write. */
  | "already-learned"
  /** Another learner made the profile final while this one contributed. */
  | "learned-elsewhere";

type Transitions = Readonly<Partial<Record<LearningTrigger, LearningState>>>;

const whileLearning: Transitions = {
  reported: "ready",
  "window-over": "completed",
  ended: "ending",
  overflow: "too-large",
  "already-learned": "ignored",
  "learned-elsewhere": "completed",
};
const final: Transitions = {};

/** Every way there is; what is not listed changes nothing. @internal */
export const learningTransitions: Readonly<Record<LearningState, Transitions>> = {
  initializing: whileLearning,
  ready: whileLearning,
  ending: {
    "exit-succeeded": "completed",
    "exit-failed": "failed",
    "exit-unseen": "incomplete",
    overflow: "too-large",
    "already-learned": "ignored",
    "learned-elsewhere": "completed",
  },
  completed: final,
  failed: final,
  incomplete: final,
  "too-large": final,
  ignored: final,
};

/** The state after a trigger; the same one when the trigger means nothing there. @internal */
export function nextLearningState(state: LearningState, trigger: LearningTrigger): LearningState {
  return learningTransitions[state][trigger] ?? state;
}

/** True while events of the container are recorded. @internal */
export function isLearning(state: LearningState): boolean {
  return state === "initializing" || state === "ready" || state === "ending";
}
