import { openKubeSim, type KubeSim, type KubeSimOptions } from "@kinglet/kube-sim";
import { openLoopbackProxy } from "@kinglet/testing";
import type { InformerServer } from "./describe-informer.ts";

/** A simulator behind a proxy. */
export async function openSimServer(options: KubeSimOptions = {}): Promise<InformerServer & { readonly sim: KubeSim }> {
  await using stack = new AsyncDisposableStack();
  const sim = stack.use(await openKubeSim({ bookmarkIntervalMs: 1000, ...options }));
  const proxy = stack.use(await openLoopbackProxy(sim.server));
  const owned = stack.move();
  return {
    sim,
    access: { server: proxy.server, caPem: sim.caPem, token: sim.token, origin: "test" },
    restart: async () => {
      await sim.restart();
      // A real server forgets its watch history with its process.
      sim.compact();
    },
    compact: async () => sim.compact(),
    pause: () => void proxy.setMode("hold"),
    resume: () => void proxy.setMode("forward"),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
