import { openRealCluster, realClusterAvailability } from "@kinglet-tools/real-cluster";
import { openLoopbackProxy } from "@kinglet/testing";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { InformerServer } from "./describe-informer.ts";

const real = realClusterAvailability(process.env);

/** True when no real server is at hand and none is required. */
export const isSkipped: boolean = real.source !== "binaries" && !real.isRequired;

/** Title of a suite on a real server, in the form that the report counts. */
export function realTitle(what: string): string {
  return `${what} [requires real-cluster]${isSkipped ? ` [skipped: ${real.skipReason.replace(/^\(|\)$/g, "")}]` : ""}`;
}

/**
 * A real API server behind a proxy.
 *
 * @returns `otherToken`: of alice, who may do nothing before somebody binds a role.
 */
export async function openRealServer(
  apiServerFlags: readonly string[] = [],
): Promise<InformerServer & { readonly otherToken: string }> {
  await using stack = new AsyncDisposableStack();
  const cluster = stack.use(await openRealCluster({ apiServerFlags }));
  const proxy = stack.use(await openLoopbackProxy(cluster.server));
  const owned = stack.move();
  return {
    access: { server: proxy.server, caPem: cluster.caPem, token: cluster.tokens.admin, origin: "test" },
    otherToken: cluster.tokens.alice,
    connections: () => proxy.accepted,
    restart: () => cluster.restartApiServer({ kill: true }),
    compact: () => cluster.compactEtcd(),
    swapAuthority: async () => {
      // A server that finds no certificate in its folder signs another one.
      const folder = dirname(cluster.caFile);
      await Promise.all(["apiserver.crt", "apiserver.key"].map((file) => rm(join(folder, file))));
      await cluster.restartApiServer({ kill: true });
      return cluster.caPem;
    },
    pause: () => cluster.pauseApiServer(),
    resume: () => cluster.resumeApiServer(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
