import { createHash } from "node:crypto";

/** A container id for a seed: 64 hex digits, always the same for the same seed, never the same for two. */
export function containerIdOf(seed: string): string {
  return createHash("sha256").update(`container ${seed}`).digest("hex");
}
