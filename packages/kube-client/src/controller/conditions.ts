import { createError } from "@kinglet/errors";
import { kubeClientErrors } from "../errors.ts";

/** One entry of `status.conditions`. @public */
export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  /** CamelCase, not empty. */
  readonly reason: string;
  readonly message: string;
  /** RFC 3339, whole seconds: when `status` took this value. */
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number | undefined;
}

const REASON = /^[A-Za-z](?:[A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;
const MAX_REASON = 1024;
const MAX_MESSAGE = 32_768;

/**
 * The conditions with one of them set: there is one of each type, and its time changes only when its status does.
 *
 * @param nowMs - milliseconds since 1970.
 * @returns the same list when nothing changes, so that `===` says whether there is something to write.
 * @throws KINGLET_ERR_KUBE_CLIENT_ARGUMENT for a reason the API server would refuse.
 * @see k8s.io/apimachinery `pkg/api/meta/conditions.go`
 * @public
 */
export function setCondition(
  conditions: readonly Condition[],
  wanted: Omit<Condition, "lastTransitionTime">,
  nowMs: number,
): readonly Condition[] {
  if (!REASON.test(wanted.reason) || wanted.reason.length > MAX_REASON) {
    throw createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_ARGUMENT", {
      what: `reason ${JSON.stringify(wanted.reason)} of condition ${wanted.type}`,
      problem: "must be a CamelCase word of at most 1,024 characters",
    });
  }
  const message = wanted.message.slice(0, MAX_MESSAGE);
  const former = conditions.find(({ type }) => type === wanted.type);
  const isSame =
    former?.status === wanted.status &&
    former.reason === wanted.reason &&
    former.message === message &&
    former.observedGeneration === wanted.observedGeneration;
  if (isSame && conditions.filter(({ type }) => type === wanted.type).length === 1) return conditions;
  const lastTransitionTime =
    former !== undefined && former.status === wanted.status ? former.lastTransitionTime : secondsOf(nowMs);
  const next: Condition = { ...wanted, message, lastTransitionTime };
  const others = conditions.filter((condition, at) => condition.type !== wanted.type && isFirstOfType(conditions, at));
  const place = former === undefined ? others.length : conditions.indexOf(former);
  return [...others.slice(0, place), next, ...others.slice(place)];
}

/** True when a condition of this type has this status. @public */
export function isConditionStatus(
  conditions: readonly Pick<Condition, "type" | "status">[] | undefined,
  type: string,
  status: Condition["status"],
): boolean {
  return conditions?.some((condition) => condition.type === type && condition.status === status) ?? false;
}

function isFirstOfType(conditions: readonly Condition[], at: number): boolean {
  return conditions.findIndex(({ type }) => type === conditions[at]?.type) === at;
}

function secondsOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
