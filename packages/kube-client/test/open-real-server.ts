import { openRealCluster, realClusterAvailability } from "@kinglet-tools/real-cluster";
import type { InformerServer } from "./describe-informer.ts";

const real = realClusterAvailability(process.env);

/** True when no real server is at hand and none is required. */
export const isSkipped: boolean = real.source !== "binaries" && !real.isRequired;

/** Title of a suite on a real server, in the form that the report counts. */
export function realTitle(what: string): string {
  return `${what} [requires real-cluster]${isSkipped ? ` [skipped: ${real.skipReason.replace(/^\(|\)$/g, "")}]` : ""}`;
}

/** @returns `otherToken`: of alice, who may do nothing before somebody binds a role. */
export async function openRealServer(
  apiServerFlags: readonly string[] = [],
): Promise<InformerServer & { readonly otherToken: string }> {
  const cluster = await openRealCluster({ apiServerFlags });
  return {
    access: { server: cluster.server, caPem: cluster.caPem, token: cluster.tokens.admin, origin: "test" },
    otherToken: cluster.tokens.alice,
    restart: () => cluster.restartApiServer({ kill: true }),
    compact: () => cluster.compactEtcd(),
    pause: () => cluster.pauseApiServer(),
    resume: () => cluster.resumeApiServer(),
    [Symbol.asyncDispose]: () => cluster.stop(),
  };
}
