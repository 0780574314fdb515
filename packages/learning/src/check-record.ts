import type { ContainerRecord, JournalRecord, ProfileRecord } from "./journal-record-shape.ts";

type Loose<T> = { readonly [Key in keyof T]?: unknown };

/**
 * What stands in a file is not trusted: a record that another version wrote, or somebody else, must not end the start of a learner.
 * Additions are checked by the parser of profiles instead.
 *
 * @throws Error when a part of it has another type than this version writes.
 *
 * @internal
 */
export function checkRecord(record: JournalRecord): void {
  if (!isText(record.k) || !isWhole(record)) throw new Error("record of another shape");
}

function isWhole(record: JournalRecord): boolean {
  switch (record.t) {
    case "profile":
      return isProfile(record);
    case "container":
      return isContainer(record);
    case "add":
      return isCount(record.n);
    default:
      return true;
  }
}

function isProfile({ head, isAdmitted, stored, observed }: Loose<ProfileRecord>): boolean {
  const { namespace, name, annotations, labels, architecture, imageID, imageTag, matchLabels } = (head ?? {}) as Loose<
    ProfileRecord["head"]
  >;
  return (
    [namespace, name, architecture, imageID, imageTag].every(isText) &&
    [annotations, labels, matchLabels].every(isTextMap) &&
    typeof isAdmitted === "boolean" &&
    isCount(stored) &&
    (observed === undefined || isTexts(observed))
  );
}

function isContainer({ init, gaps, isSeen, hasExec, claim }: Loose<ContainerRecord>): boolean {
  const one = (init ?? {}) as Loose<ContainerRecord["init"]>;
  return (
    [one.containerId, one.namespace, one.podName, one.containerName].every(isText) &&
    [one.startedAtMs, one.learnedSinceMs, one.windowMs].every((ms) => Number.isFinite(ms)) &&
    [one.isFromStart, one.runsToCompletion, isSeen, hasExec].every((flag) => typeof flag === "boolean") &&
    isTexts(gaps) &&
    (claim === null || isClaim(claim))
  );
}

function isClaim(claim: unknown): boolean {
  const { status, completion } = (claim ?? {}) as Loose<NonNullable<ContainerRecord["claim"]>>;
  return isText(status) && isText(completion);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}

function isTextMap(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.values(value).every(isText);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
