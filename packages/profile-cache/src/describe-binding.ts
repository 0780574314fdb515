import type { ProfileStatus } from "@kinglet/profile";

import type { ComposeResult } from "./compose-result.ts";
import type { ProfileBinding } from "./profile-binding.ts";
import { failingSource, isUnbound, type Plan } from "./profile-plan.ts";

/**
 * Says on the binding what came of composing it: reason, staleness, and whether the pod's label leads nowhere; for people and metrics.
 *
 * @returns true when it is new that the label leads nowhere.
 *
 * @internal
 */
export function describeBinding(binding: ProfileBinding, plan: Plan, result: ComposeResult): boolean {
  const failing = failingSource(binding);
  const wasUnbound = binding.isUnbound;
  if (result !== "waiting") binding.isUnbound = isUnbound(binding, plan);
  const isHeld = binding.cached !== undefined;
  binding.isStale = isHeld && (failing !== undefined || result === "no_room" || result === "not_final");
  if (failing !== undefined) {
    binding.reason = failing === binding.learned ? failing.problem : `${failing.title}: ${failing.problem}`;
  } else if (result === "no_room") {
    binding.reason = `there is no room for the ${isHeld ? "newer " : ""}profile in the cache`;
  } else if (result === "not_final" && isHeld && binding.learned !== undefined) {
    binding.reason = `${statusReason(binding.learned.status)}: the last final one is used`;
  } else if (binding.isUnbound && result !== "waiting") {
    const instead = isHeld ? "the learned profile is used" : binding.reason;
    if (!instead.startsWith("the pod's label")) {
      binding.reason = `the pod's label names ${JSON.stringify(binding.label)}, which nothing is found under; ${instead}`;
    }
  } else if (isHeld && result !== "waiting") binding.reason = "";
  return binding.isUnbound && !wasUnbound;
}

/** Why a learned profile of this status is not used. @internal */
export function statusReason(status: ProfileStatus): string {
  return status === "" ? "the profile has no status" : `the profile's status is ${JSON.stringify(status)}`;
}
