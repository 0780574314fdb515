import { type Environment } from "./cache-folder.ts";
import { findRealClusterBinaries } from "./find-binaries.ts";
import { type RealClusterBinaries } from "./real-cluster-binaries.ts";

/**
 * Whether a suite can use a real server, and what to print if it cannot.
 *
 * @public
 */
export interface RealClusterAvailability {
  /** `binaries`: start one; `existing`: use the cluster of `KUBECONFIG`; `none`: skip, or fail when `isRequired`. */
  readonly source: "binaries" | "existing" | "none";
  readonly binaries: RealClusterBinaries | undefined;
  /** `KINGLET_REQUIRE` lists `real-cluster`: a suite that would skip must fail instead. */
  readonly isRequired: boolean;
  /** One phrase for the name of a skipped suite; empty when a server is at hand. */
  readonly skipReason: string;
}

/**
 * Answers from the environment alone, without starting or building anything.
 *
 * @example
 * ```ts
 * const real = realClusterAvailability(process.env);
 * describe.skipIf(real.source === "none" && !real.isRequired)(`client against a real server ${real.skipReason}`, …);
 * ```
 * @public
 */
export function realClusterAvailability(env: Environment): RealClusterAvailability {
  const isRequired = (env["KINGLET_REQUIRE"] ?? "").split(/[\s,]+/u).includes("real-cluster");
  if (env["USE_EXISTING_CLUSTER"]?.toLowerCase() === "true") {
    return { source: "existing", binaries: undefined, isRequired, skipReason: "" };
  }
  const binaries = findRealClusterBinaries(env);
  if (binaries !== undefined) return { source: "binaries", binaries, isRequired, skipReason: "" };
  const skipReason = "(no real API server: run `pnpm real-cluster build`, or set KUBEBUILDER_ASSETS)";
  return { source: "none", binaries: undefined, isRequired, skipReason };
}
