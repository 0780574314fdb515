import type { KubeClient } from "@kinglet/kube-client";
import type { AccountToken, AccountTokens } from "./account-tokens.ts";
import type { Churn } from "./churn.ts";
import type { CredentialFiles } from "./credential-files.ts";
import type { FaultyTransport } from "./faulty-transport.ts";
import type { ScaledClock } from "./scaled-clock.ts";
import type { SoakServer } from "./soak-server.ts";

/** What a fault may lay its hands on. */
export interface FaultContext {
  readonly server: SoakServer;
  readonly transport: FaultyTransport;
  readonly clock: ScaledClock;
  readonly churn: Churn;
  /** Of the client under test. */
  readonly files: CredentialFiles;
  readonly tokens: AccountTokens;
  /** What the token file holds, when no fault has it. */
  token: AccountToken;
  /** Over the connections of the client under test, past the faults of answers; not counted. */
  readonly beside: KubeClient;
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
  /** It lies in wait for answers: it stays until it has changed some. */
  readonly isAmbush?: boolean;
  /** Makes answers come its way, once more; called now and then while none has. */
  readonly again?: (context: FaultContext) => Promise<void>;
  /** Makes it; what is returned ends it. */
  readonly make: (context: FaultContext) => Promise<(() => unknown) | void>;
}
