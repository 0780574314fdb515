import { createError } from "@kinglet/errors";
import { profileErrors } from "./errors.ts";
import { createInstanceId, slugName, type InstanceIdParts } from "./instance-id.ts";
import { sha256Hex } from "./sha256.ts";

/** Longest name of a Kubernetes object. */
const MAX_LENGTH = 253;
/** `-xxxx-xxxx`. */
const TAIL_LENGTH = 10;
/** A dash and 32 hex digits. */
const ONE_TIME_LENGTH = 33;
const DNS_SUBDOMAIN = /^[a-z0-9][a-z0-9.-]{0,251}[a-z0-9]$/;

/**
 * Name of the ContainerProfile of a container: `<kind>-<name>-<container>-<h4>-<t4>`, lower case, where `h4` and `t4` are the
 * first and the last four hex digits of sha256(instance id).
 *
 * Guarantees: at most 253 characters, a DNS subdomain, the same for every replica and every restart. From 243 characters on the
 * text before the tail is cut to 243. An empty container name gives {@link workloadSlug}.
 *
 * @throws `KINGLET_ERR_PROFILE_INVALID_SLUG` when a part holds a character that object names do not allow;
 * `KINGLET_ERR_PROFILE_INVALID_INSTANCE_ID` when a part is missing.
 *
 * Cost: one sha256 of about 150 bytes; once per container, not per event.
 *
 * @see reference: kubescape/k8s-interface, `names/slugs.go`
 *
 * @public
 */
export function containerSlug(parts: InstanceIdParts): string {
  return finish(slugWithin(parts, MAX_LENGTH));
}

/**
 * Name shared by the containers of a workload: `<kind>-<name>`, lower case; from 243 characters on cut to 243 with the hash tail of
 * {@link containerSlug} behind it (so that over-long names differ between the containers of one workload).
 *
 * @throws as {@link containerSlug}.
 *
 * @public
 */
export function workloadSlug(parts: InstanceIdParts): string {
  const id = createInstanceId(parts);
  return finish(cut(`${parts.kind}-${slugName(parts)}`, id, MAX_LENGTH));
}

/**
 * Name of one report about a container: that of its profile, a dash and 32 hex digits that no other report has; room for them is
 * made before the rest is cut, so it stays below 254 characters.
 *
 * Nothing can be found under such a name later: look profiles up by {@link containerSlug}.
 *
 * @param uuid - a fresh random UUID, with or without dashes.
 * @throws as {@link containerSlug}; `KINGLET_ERR_PROFILE_INVALID_SLUG` when `uuid` is none.
 *
 * @public
 */
export function oneTimeSlug(parts: InstanceIdParts, uuid: string): string {
  const suffix = `-${uuid.replaceAll("-", "")}`;
  if (suffix.length !== ONE_TIME_LENGTH) {
    throw createError(profileErrors, "KINGLET_ERR_PROFILE_INVALID_SLUG", { text: suffix });
  }
  return finish(slugWithin(parts, MAX_LENGTH - ONE_TIME_LENGTH) + suffix);
}

function slugWithin(parts: InstanceIdParts, maxLength: number): string {
  const id = createInstanceId(parts);
  if (parts.containerName === "") return cut(`${parts.kind}-${slugName(parts)}`, id, maxLength);
  const text = `${parts.kind}-${slugName(parts)}-${parts.containerName}`;
  return text.slice(0, maxLength - TAIL_LENGTH) + tail(sha256Hex(id));
}

/** The text when it leaves room for a tail, otherwise cut to that room with the tail. */
function cut(text: string, id: string, maxLength: number): string {
  if (text.length < maxLength - TAIL_LENGTH) return text;
  return text.slice(0, maxLength - TAIL_LENGTH) + tail(sha256Hex(id));
}

function tail(hash: string): string {
  return `-${hash.slice(0, 4)}-${hash.slice(-4)}`;
}

function finish(text: string): string {
  const slug = text.toLowerCase();
  if (!DNS_SUBDOMAIN.test(slug)) throw createError(profileErrors, "KINGLET_ERR_PROFILE_INVALID_SLUG", { text: slug });
  return slug;
}
