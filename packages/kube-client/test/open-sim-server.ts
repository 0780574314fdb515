import { openKubeSim, type KubeSim, type KubeSimOptions } from "@kinglet/kube-sim";
import { openLoopbackProxy } from "@kinglet/testing";
import type { InformerServer } from "./describe-informer.ts";

/** Of alice, who may do nothing before somebody binds a role. */
const OTHER_TOKEN = "token-of-alice";

/** A simulator behind a proxy. */
export async function openSimServer(
  options: KubeSimOptions = {},
): Promise<InformerServer & { readonly sim: KubeSim; readonly otherToken: string }> {
  await using stack = new AsyncDisposableStack();
  const tokens = { [OTHER_TOKEN]: { name: "alice", groups: ["dev"] }, ...options.tokens };
  const sim = stack.use(await openKubeSim({ bookmarkIntervalMs: 1000, ...options, tokens }));
  const proxy = stack.use(await openLoopbackProxy(sim.server));
  const owned = stack.move();
  return {
    sim,
    access: { server: proxy.server, caPem: sim.caPem, token: sim.token, origin: "test" },
    otherToken: OTHER_TOKEN,
    connections: () => proxy.accepted,
    restart: async () => {
      await sim.restart();
      // A real server forgets its watch history with its process.
      sim.compact();
    },
    compact: async () => sim.compact(),
    swapAuthority: async () => {
      await sim.swapAuthority();
      return sim.caPem;
    },
    pause: () => void proxy.setMode("hold"),
    resume: () => void proxy.setMode("forward"),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
