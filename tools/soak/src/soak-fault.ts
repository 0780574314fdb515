import type { Churn } from "./churn.ts";
import type { FaultyTransport } from "./faulty-transport.ts";
import type { ScaledClock } from "./scaled-clock.ts";
import type { SoakServer } from "./soak-server.ts";

/** What a fault may lay its hands on. */
export interface FaultContext {
  readonly server: SoakServer;
  readonly transport: FaultyTransport;
  readonly clock: ScaledClock;
  readonly churn: Churn;
  readonly random: () => number;
  /** Waits in the client's time. */
  readonly sleep: (clientMs: number) => Promise<void>;
}

/** One row of the catalogue of faults. */
export interface SoakFault {
  readonly name: string;
  /** Why it is left out on this server; undefined: it is made. */
  readonly leftOut?: (server: SoakServer) => string | undefined;
  /** How long it stays, in the client's time. @defaultValue 20 s */
  readonly holdMs?: number;
  /** It lies in wait for requests: it stays until it has met some, or for 2 minutes of the client's time. */
  readonly isAmbush?: boolean;
  /** Makes it; what is returned ends it. */
  readonly make: (context: FaultContext) => Promise<(() => unknown) | void>;
}
