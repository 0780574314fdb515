import { createError } from "@kinglet/errors";
import type { ContainerProfile, ProfileMetadata } from "../container-profile.ts";
import { profileErrors } from "../errors.ts";
import { observedSurfacesText } from "../observed-surfaces.ts";
import {
  COMPLETION_ANNOTATION,
  OBSERVED_SURFACES_ANNOTATION,
  STATUS_ANNOTATION,
  SYNC_CHECKSUM_ANNOTATION,
} from "../profile-keys.ts";
import { defaultCollapseConfiguration, type CollapseConfiguration } from "./collapse-configuration.ts";
import type { CollapseOptions } from "./collapse-profile.ts";
import { joinCompletion, joinStatus } from "./join-status.ts";
import { greatestOf, uniteSpecs } from "./normal-form.ts";

/** Options of {@link joinProfiles}. @public */
export interface JoinOptions extends CollapseOptions {
  /** @defaultValue {@link defaultCollapseConfiguration}; `undefined` given on purpose means the same. */
  readonly collapse?: CollapseConfiguration | undefined;
}

/**
 * What two observations of one container allow together: the union, collapsed (see `collapseProfile`).
 *
 * Guarantees, for one configuration and one set of kept paths, value for value: commutative, associative, and for profiles that are
 * joins or collapsed already idempotent. So any number of writers that read, join and write end at the same profile, in whatever
 * order and however often each does.
 *
 * - Sets are united; peers are the same when everything but names, ports and addresses is.
 * - Status and completion are the higher ones, see {@link joinStatus} and {@link joinCompletion}: `completed` and `complete` are
 *   never taken back.
 * - The surfaces that somebody looked at are united; one side that was learned and does not say counts as having looked at everything.
 * - Other annotations and labels are united, the greater text winning; the store's content hash is dropped, and so are `uid` and
 *   `resourceVersion`: the result is not yet a stored object, whoever writes it says over which version.
 *
 * @throws `KINGLET_ERR_PROFILE_OTHER_OBJECT` when namespace or name differ.
 *
 * Cost: about 1 µs an entry of both.
 *
 * @public
 */
export function joinProfiles(
  left: ContainerProfile,
  right: ContainerProfile,
  options: JoinOptions = {},
): ContainerProfile {
  return {
    apiVersion: left.apiVersion > right.apiVersion ? left.apiVersion : right.apiVersion,
    kind: left.kind > right.kind ? left.kind : right.kind,
    metadata: joinMetadata(left.metadata, right.metadata),
    spec: uniteSpecs([left.spec, right.spec], {
      configuration: options.collapse ?? defaultCollapseConfiguration,
      keepPaths: options.keepPaths,
    }),
  };
}

function joinMetadata(left: ProfileMetadata, right: ProfileMetadata): ProfileMetadata {
  const { namespace, name } = left;
  if (right.namespace !== namespace || right.name !== name) {
    throw createError(profileErrors, "KINGLET_ERR_PROFILE_OTHER_OBJECT", {
      left: `${namespace}/${name}`,
      right: `${right.namespace}/${right.name}`,
    });
  }
  const annotations = joinAnnotations(left.annotations ?? {}, right.annotations ?? {});
  const labels = greatestOf([left.labels ?? {}, right.labels ?? {}]);
  return {
    name,
    namespace,
    ...(Object.keys(annotations).length === 0 ? undefined : { annotations }),
    ...(Object.keys(labels).length === 0 ? undefined : { labels }),
  };
}

function joinAnnotations(
  left: Readonly<Record<string, string>>,
  right: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const united = new Map(Object.entries(greatestOf([left, right])));
  united.delete(SYNC_CHECKSUM_ANNOTATION);
  if (united.has(STATUS_ANNOTATION)) {
    united.set(STATUS_ANNOTATION, joinStatus(left[STATUS_ANNOTATION] ?? "", right[STATUS_ANNOTATION] ?? ""));
  }
  if (united.has(COMPLETION_ANNOTATION)) {
    united.set(
      COMPLETION_ANNOTATION,
      joinCompletion(left[COMPLETION_ANNOTATION] ?? "", right[COMPLETION_ANNOTATION] ?? ""),
    );
  }
  const observed = joinObserved(left, right);
  if (observed === undefined) united.delete(OBSERVED_SURFACES_ANNOTATION);
  else united.set(OBSERVED_SURFACES_ANNOTATION, observed);
  return Object.fromEntries(united);
}

/** A join too: nothing said by who did not learn < a set < everything, which is what a learner that does not say means. */
function joinObserved(
  left: Readonly<Record<string, string>>,
  right: Readonly<Record<string, string>>,
): string | undefined {
  const words: string[] = [];
  let isSaid = false;
  for (const side of [left, right]) {
    const text = side[OBSERVED_SURFACES_ANNOTATION];
    if (text === undefined && side[STATUS_ANNOTATION] !== undefined) return undefined;
    if (text === undefined) continue;
    isSaid = true;
    words.push(...text.split(","));
  }
  return isSaid ? observedSurfacesText(words) : undefined;
}
