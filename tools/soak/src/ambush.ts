import type { TransportRule } from "./faulty-transport.ts";
import type { FaultContext, SoakFault } from "./soak-fault.ts";

/** The fault meets requests as they come again: the open ones are reset. */
export function ambush(name: string, rule: () => TransportRule): SoakFault {
  return {
    name,
    isAmbush: true,
    make: async ({ transport, server }) => {
      const remove = transport.add(rule());
      server.proxy.resetAll();
      return () => {
        remove();
        // No stream stays open that still passes through the rule.
        server.proxy.resetAll();
      };
    },
  };
}

/** The same for faults of lists: history goes, so that informers have to list. */
export function listAmbush(name: string, rule: () => TransportRule): SoakFault {
  return {
    name,
    isAmbush: true,
    make: async (context) => {
      const remove = context.transport.add(rule());
      await loseHistory(context);
      return remove;
    },
    // Streams that earlier faults broke are not asked for in a list for a while.
    again: loseHistory,
  };
}

async function loseHistory({ server, churn }: FaultContext): Promise<void> {
  await server.proxy.setMode("refuse");
  await churn.burst(100);
  await server.restart();
  await server.proxy.setMode("forward");
}
