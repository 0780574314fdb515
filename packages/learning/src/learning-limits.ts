/**
 * How much a learner holds: everything in it is chosen by containers.
 *
 * @public
 */
export interface LearningLimits {
  /** Containers that are followed at once; later ones are not learned, but take the places of those that are done with. @defaultValue 1000 */
  readonly maxContainers: number;
  /** Bytes of one profile as it is held; over it the profile is `too-large`. @defaultValue 4194304 */
  readonly maxProfileBytes: number;
  /** Bytes of all profiles; over it what is new is refused and its containers are partial. @defaultValue 16777216 */
  readonly maxTotalBytes: number;
  /** News of one profile, bytes, that are reported early and in parts of this size. @defaultValue 2097152 */
  readonly maxReportBytes: number;
  /** Profiles whose containers ended and that the store has not accepted; over it the oldest go. @defaultValue 1000 */
  readonly maxQueuedProfiles: number;
  /** Bytes in the queue directory; over it the oldest go. @defaultValue 67108864 */
  readonly maxQueueBytes: number;
  /** Distinct argument lists of one executable; beyond, any arguments are allowed for it. @defaultValue 50 */
  readonly maxArgumentLists: number;
  /** Callers outside the cluster that are told apart by address; beyond, they are recorded as any address. @defaultValue 200 */
  readonly maxCallers: number;
  /** Reports that are under way at once. @defaultValue 4 */
  readonly maxConcurrentReports: number;
  /** Attempts to report a profile whose containers have ended, before it is given up. @defaultValue 360 */
  readonly maxReportAttempts: number;
}

/** @public */
export const defaultLearningLimits: LearningLimits = {
  maxContainers: 1_000,
  maxProfileBytes: 4_194_304,
  maxTotalBytes: 16_777_216,
  maxReportBytes: 2_097_152,
  maxQueuedProfiles: 1_000,
  maxQueueBytes: 67_108_864,
  maxArgumentLists: 50,
  maxCallers: 200,
  maxConcurrentReports: 4,
  maxReportAttempts: 360,
};
