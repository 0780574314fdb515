import { createError, hasCode } from "@kinglet/errors";
import { createBackoff, sleep, type Clock } from "@kinglet/lifecycle";
import { SYNC_CHECKSUM_ANNOTATION, type ContainerProfile } from "@kinglet/profile";

import type { CallSubject } from "./call-budget.ts";
import { storageErrors } from "./errors.ts";
import { isEqualJson } from "./is-equal-json.ts";
import { profileDocument } from "./profile-document.ts";
import type { UpdateResult } from "./profile-store.ts";
import { markTooLarge, withoutMark } from "./too-large-mark.ts";

/** An object as it was read. @internal */
export interface StoredProfile {
  readonly profile: ContainerProfile;
  /** What else stands in it: as it was before it was parsed, without what the profile has, or with it. */
  readonly document: unknown;
}

/** What an update needs of a store, for one object. Both may throw every error of a store. @internal */
export interface ProfileRecord {
  readonly subject: CallSubject;
  readonly namespace: string;
  readonly name: string;
  read(): Promise<StoredProfile | undefined>;
  /** @param over - must be what is stored still; `undefined`: nothing may be stored. */
  write(profile: ContainerProfile, over: StoredProfile | undefined): Promise<ContainerProfile>;
}

const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Reads, merges and writes until no other writer was in between.
 *
 * @throws as `ProfileStore.update`.
 *
 * @internal
 */
export async function updateProfile(
  record: ProfileRecord,
  merge: (current: ContainerProfile | undefined) => ContainerProfile | undefined,
  options: { readonly signal: AbortSignal; readonly clock: Clock; readonly random: () => number },
): Promise<UpdateResult> {
  const { signal, clock, random } = options;
  const backoff = createBackoff({ initialMs: FIRST_PAUSE_MS, maxMs: LONGEST_PAUSE_MS, jitter: 1, random });
  for (let attempt = 1; ; attempt++) {
    const current = await record.read();
    // Whether it is too large is decided by what is written now, not by what was refused once.
    const offered = current === undefined ? undefined : withoutMark(current.profile);
    const merged = merge(offered);
    if (merged === undefined) return { outcome: "skipped", stored: current?.profile };
    if (merged === offered && current !== undefined) return { outcome: "unchanged", stored: current.profile };
    assertPlace(record, merged);
    try {
      return await writeOrMark(record, merged, current);
    } catch (error) {
      if (!mayHelpToMergeAgain(error, current) || attempt >= ATTEMPTS) throw error;
    }
    await sleep(backoff.nextDelayMs(), { signal, clock });
  }
}

async function writeOrMark(
  record: ProfileRecord,
  merged: ContainerProfile,
  current: StoredProfile | undefined,
): Promise<UpdateResult> {
  if (current !== undefined && isSameContent(current.profile, merged)) {
    return { outcome: "unchanged", stored: current.profile };
  }
  try {
    return { outcome: "written", stored: await record.write(merged, current) };
  } catch (error) {
    if (!hasCode(error, "KINGLET_ERR_STORAGE_CLIENT_TOO_LARGE")) throw error;
  }
  const marker = markTooLarge(merged, current?.profile);
  const isMarked = current !== undefined && isSameContent(current.profile, marker);
  const stored = isMarked ? current.profile : await record.write(marker, current);
  return { outcome: "too-large", stored, refused: merged };
}

/** False only when something that is written differs; lists in another order look different, which costs one write. */
function isSameContent(a: ContainerProfile, b: ContainerProfile): boolean {
  return a === b || isEqualJson(contentOf(a), contentOf(b));
}

/** Without the checksum that some stores note beside the content: it says nothing of its own. */
function contentOf(profile: ContainerProfile): object {
  const { [SYNC_CHECKSUM_ANNOTATION]: _checksum, ...annotations } = profile.metadata.annotations ?? {};
  return profileDocument({ ...profile, metadata: { ...profile.metadata, annotations } });
}

/** Somebody wrote, made or deleted the object since it was read. When nothing was there, "not found" is about its namespace. */
function mayHelpToMergeAgain(error: unknown, current: StoredProfile | undefined): boolean {
  return (
    hasCode(error, "KINGLET_ERR_STORAGE_CLIENT_CONFLICT") ||
    (current !== undefined && hasCode(error, "KINGLET_ERR_STORAGE_CLIENT_NOT_FOUND"))
  );
}

function assertPlace(record: ProfileRecord, merged: ContainerProfile): void {
  const { namespace, name } = merged.metadata;
  if (namespace === record.namespace && name === record.name) return;
  const problem = `the merged object is about ${JSON.stringify(`${namespace}/${name}`)}`;
  throw createError(storageErrors, "KINGLET_ERR_STORAGE_CLIENT_INVALID", { ...record.subject, problem });
}
