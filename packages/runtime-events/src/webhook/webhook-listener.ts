import type { Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";
import type { WebhookRoute } from "./webhook-route.ts";

/** Settings of {@link openWebhookListener}. @public */
export interface WebhookListenerOptions {
  /** Address, as `parseBind` of `@kinglet/endpoints` reads it; not one that switches the listener off. */
  readonly bind: string;
  /** PEM files of the server's certificate chain and its key. Without them the listener speaks plain HTTP, on loopback addresses only. */
  readonly certificate?: { readonly certificateFile: string; readonly keyFile: string };
  /** PEM file of the authorities that sign clients' certificates; needs `certificate`. */
  readonly clientAuthorityFile?: string;
  /** Common names of the clients that are let in with a certificate. @defaultValue every certificate of those authorities */
  readonly clientNames?: readonly string[];
  /** File of a token that clients may send as `Authorization: Bearer TOKEN`, 16 ... 4096 characters; read anew for each request. */
  readonly tokenFile?: string;
  readonly routes: readonly WebhookRoute[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** A larger body gets 413, or is cut here where its route takes a part, bytes, 1 KiB ... 64 MiB. @defaultValue 16777216 */
  readonly maxBodyBytes?: number;
  /** Connections at a time, 1 ... 10000; an idle one gives way to a new one. @defaultValue 64 */
  readonly maxConnections?: number;
}

/** A listener that is open. Disposing of it ends idle connections at once and waits 6 s for requests under way. @public */
export interface WebhookListener extends AsyncDisposable {
  readonly port: number;
  /** Connections that are open, those before their handshake too. */
  readonly connections: number;
}
