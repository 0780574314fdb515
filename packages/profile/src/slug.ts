import { createError } from "@kinglet/errors";
import { profileErrors } from "./errors.ts";
import { createInstanceId, slugName, type InstanceIdParts } from "./instance-id.ts";
import { sha256Hex } from "./sha256.ts";

/** Longest name of a Kubernetes object. */
const MAX_LENGTH = 253;
/** `-xxxx-xxxx`. */
const TAIL_LENGTH = 10;
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
  if (parts.containerName === "") return workloadSlug(parts);
  const hash = sha256Hex(createInstanceId(parts));
  const text = `${parts.kind}-${slugName(parts)}-${parts.containerName}`;
  return finish(text.slice(0, MAX_LENGTH - TAIL_LENGTH) + tail(hash));
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
  const text = `${parts.kind}-${slugName(parts)}`;
  if (text.length < MAX_LENGTH - TAIL_LENGTH) return finish(text);
  return finish(text.slice(0, MAX_LENGTH - TAIL_LENGTH) + tail(sha256Hex(id)));
}

function tail(hash: string): string {
  return `-${hash.slice(0, 4)}-${hash.slice(-4)}`;
}

function finish(text: string): string {
  const slug = text.toLowerCase();
  if (!DNS_SUBDOMAIN.test(slug)) throw createError(profileErrors, "KINGLET_ERR_PROFILE_INVALID_SLUG", { text: slug });
  return slug;
}
