import type { ProfileBinding } from "./profile-binding.ts";

/** True when the store has said what the profile is made of. @internal */
export function isDecided(binding: ProfileBinding): boolean {
  if (binding.cached !== undefined) return true;
  if (binding.learned?.outcome === "unknown") return false;
  return binding.authored.every((source) => source.outcome !== "unknown");
}
