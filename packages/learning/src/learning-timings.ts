/**
 * When a learner does what, all in milliseconds.
 *
 * @see reference: kubescape/node-agent, `initialDelay`, `updateDataPeriod`, `maxSniffingTimePerContainer`
 *
 * @public
 */
export interface LearningTimings {
  /** From a container's start to its first report. @defaultValue 120000 */
  readonly initialDelayMs: number;
  /** Between reports, when there is something to report. @defaultValue 600000 */
  readonly updatePeriodMs: number;
  /** Share of a period by which it is longer or shorter at random, 0 … 1. @defaultValue 0.05 */
  readonly jitter: number;
  /** How long a container is learned; the pod's label `kubescape.io/max-sniffing-time` overrides it. @defaultValue 86400000 */
  readonly maxLearningMs: number;
  /** How long the exit code of an ended container is awaited. @defaultValue 30000 */
  readonly exitCodeWaitMs: number;
  /** How long events of an ended container are still taken: sources report late. @defaultValue 5000 */
  readonly lateEventsMs: number;
  /** Longest time from an observation to its being persisted in the queue directory. @defaultValue 500 */
  readonly persistDelayMs: number;
  /** First pause after a report failed; doubles up to `maxRetryMs`. @defaultValue 5000 */
  readonly retryMs: number;
  /** @defaultValue 300000 */
  readonly maxRetryMs: number;
  /**
   * How long a container that a learner before this one followed may take to be reported again; later it counts as ended.
   * @defaultValue 600000
   */
  readonly claimWithinMs: number;
}

/** @public */
export const defaultLearningTimings: LearningTimings = {
  initialDelayMs: 120_000,
  updatePeriodMs: 600_000,
  jitter: 0.05,
  maxLearningMs: 86_400_000,
  exitCodeWaitMs: 30_000,
  lateEventsMs: 5_000,
  persistDelayMs: 500,
  retryMs: 5_000,
  maxRetryMs: 300_000,
  claimWithinMs: 600_000,
};
