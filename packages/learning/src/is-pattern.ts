import type { ActivityEvent } from "@kinglet/enrichment";
import { isWildcardArgument, isWildcardName, isWildcardPath } from "@kinglet/profile/matching";

/**
 * True for an execution, an opening or a look-up that cannot be recorded as what it is: its name or one of its arguments is a wildcard of profiles, and
 * whoever chooses it while the container is learned would choose what is allowed for ever. No allocation.
 *
 * @internal
 */
export function isPattern(event: ActivityEvent): boolean {
  if (event.kind === "open") return isWildcardPath(event.path);
  if (event.kind === "dns") return isWildcardName(event.name);
  if (event.kind !== "exec") return false;
  return isWildcardPath(event.binary) || (event.argv?.some(isWildcardArgument) ?? false);
}
