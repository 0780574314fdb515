import type { ClientShell } from "./client-shell.ts";

/** One thing that people do with a client, and what has to come of it. */
export interface ClientAction {
  /** As it is typed, without what is only an example. */
  readonly name: string;
  /** Fails when the client does not print what it prints on a real server. */
  readonly act: (client: ClientShell) => Promise<void>;
}
