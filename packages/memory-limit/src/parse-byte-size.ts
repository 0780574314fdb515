import { createError } from "@kinglet/errors";
import { memoryLimitErrors } from "./errors.ts";

const units: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 1024,
  Mi: 1_048_576,
  Gi: 1_073_741_824,
  Ti: 1_099_511_627_776,
};

/**
 * Reads whole bytes (`134217728`, also negative) or a Kubernetes quantity (`128Mi`, `1.5Gi`, `500M`).
 *
 * @returns whole bytes.
 * @throws `KINGLET_ERR_MEMORY_LIMIT_INVALID`.
 *
 * @public
 */
export function parseByteSize(text: string): number {
  const found = /^(-?\d{1,18})(\.\d{1,9})?(k|M|G|T|Ki|Mi|Gi|Ti)?$/.exec(text.trim());
  const unit = found?.[3] ?? "";
  if (found === null || (found[2] !== undefined && unit === "")) {
    throw createError(memoryLimitErrors, "KINGLET_ERR_MEMORY_LIMIT_INVALID", { text });
  }
  return Math.round(Number(`${found[1]}${found[2] ?? ""}`) * units[unit]!); // the pattern names only keys of the table
}
