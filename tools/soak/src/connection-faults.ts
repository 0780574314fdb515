import { namespaces, type KubeClient } from "@kinglet/kube-client";
import type { LoopbackProxy, ProxyMode } from "@kinglet/testing/loopback-proxy";
import type { FaultContext, SoakFault } from "./soak-fault.ts";

/** Faults of connections and processes: the proxy makes them, whatever the server. */
export function connectionFaults(): readonly SoakFault[] {
  return [
    whileIn("connection refused", "refuse"),
    whileIn("accept then silence", "silent"),
    whileIn("TLS handshake stall", "hold"),
    whileIn("RST before headers", "reset"),
    whileIn("1-byte chunks", "trickle"),
    {
      name: "RST mid-line",
      make: (context) => cut(context, () => context.churn.burst(100)),
    },
    {
      name: "RST in the middle of a list",
      make: async (context) => {
        const { server, churn, sleep } = context;
        await server.proxy.setMode("refuse");
        await churn.burst(100);
        await server.restart();
        // The lists that follow are longer than what passes: none comes to its end before this is over.
        return cut(context, async () => {
          await server.proxy.setMode("forward");
          await sleep(2000);
        });
      },
    },
    {
      name: "FIN mid-line",
      make: async ({ server, sleep }) => {
        for (let round = 0; round < 5; round++) {
          server.proxy.endAll();
          await sleep(3000);
        }
      },
    },
    {
      name: "blackhole after headers",
      holdMs: 60_000,
      make: async ({ server }) => server.proxy.freezeAll(),
    },
    {
      name: "blackhole after N events",
      holdMs: 60_000,
      make: async ({ server, churn }) => {
        await churn.burst(200);
        server.proxy.freezeAll();
      },
    },
    {
      name: "slow consumer",
      make: async ({ server, churn }) => {
        // The window closes while the server has much to say.
        await server.proxy.setMode("hold");
        await churn.burst(1000);
        return () => server.proxy.setMode("forward");
      },
    },
    { name: "10k events burst", holdMs: 1000, make: ({ churn }) => churn.burst(10_000) },
    {
      name: "clock jump",
      make: async ({ clock, random, sleep }) => {
        for (const hours of [1, -2, 48, -47]) {
          clock.jump(hours * 3_600_000 * (0.5 + random()));
          await sleep(3000);
        }
      },
    },
    { name: "restart", make: ({ server }) => server.restart() },
    {
      name: "410 in-stream",
      make: async ({ server, churn }) => {
        // Everything that happens while nobody listens is forgotten before they come back.
        await server.proxy.setMode("refuse");
        await churn.burst(300);
        await server.restart();
        await server.proxy.setMode("forward");
      },
    },
    {
      name: "compaction",
      make: async ({ server, churn }) => {
        await churn.burst(200);
        await server.compact();
        server.proxy.resetAll();
      },
    },
    {
      name: "half-open server process",
      leftOut: ({ pause }) => (pause === undefined ? "the simulator has no process of its own to stop" : undefined),
      holdMs: 200_000,
      make: async ({ server }) => {
        server.pause?.();
        return () => server.resume?.();
      },
    },
    {
      name: "h2 GOAWAY",
      make: async ({ server, beside, sleep }) => {
        const stop = server.startGoAways();
        try {
          for (let round = 0; round < 3; round++) {
            await untilSentAway(server.proxy, beside);
            await sleep(4000);
          }
        } finally {
          stop();
        }
      },
    },
    {
      name: "DNS change",
      holdMs: 120_000,
      make: ({ server }) => server.moveAddress(),
    },
    {
      name: "versions beyond 2^53",
      leftOut: ({ name }) =>
        name === "kube-sim" ? undefined : "a new etcd counts from 1; the simulator has them all the time",
      // Every version of the simulator is one: see openSoakServer. This row only writes and waits.
      holdMs: 1000,
      make: ({ churn }) => churn.burst(100),
    },
  ];
}

function whileIn(name: string, mode: ProxyMode): SoakFault {
  return {
    name,
    make: async ({ server }) => {
      await server.proxy.setMode(mode);
      // Those that are open are asked to come again, and meet it.
      server.proxy.resetAll();
      return () => server.proxy.setMode("forward");
    },
  };
}

/** Longest wait for a connection to be cut, in the client's time: one that is careful comes late. */
const CUT_WITHIN_MS = 600_000;

/** Cuts every connection after some bytes, which `act` makes flow; goes on until one was cut. @returns what ends it. */
async function cut({ server, clock, random }: FaultContext, act: () => Promise<void>): Promise<() => void> {
  const { proxy } = server;
  const before = proxy.cuts;
  const undo = (): void => proxy.cutAfter(undefined);
  const deadlineMs = clock.monotonicMs() + CUT_WITHIN_MS;
  proxy.cutAfter(5000 + Math.floor(random() * 15_000));
  try {
    do {
      if (clock.monotonicMs() > deadlineMs) throw new Error("nothing was cut");
      await act();
    } while (proxy.cuts === before);
  } catch (error) {
    undo();
    throw error;
  }
  return undo;
}

/** Most attempts: at one in fifty, none of so many fails for luck. */
const MAX_ASKED = 2000;

/** Asks until the server has sent the client away: the watches stay where they are until they end, so there is one connection more. */
async function untilSentAway(proxy: LoopbackProxy, beside: KubeClient): Promise<void> {
  // Connections that are frozen or on their way out count from the start.
  let before = proxy.accepted;
  for (let asked = 0; asked < MAX_ASKED; asked++) {
    await beside.get(namespaces, "soak-0");
    if (asked === 0) before = proxy.accepted;
    else if (proxy.accepted > before) return;
  }
  throw new Error("nobody was sent away");
}
