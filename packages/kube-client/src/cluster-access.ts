import type { TlsSource } from "./tls-credentials.ts";
import type { TokenSource } from "./token-source.ts";

/**
 * How to reach a cluster and as whom: what `loadClusterAccess` finds, or what a test writes by hand.
 *
 * Holds secrets: never log it.
 *
 * @public
 */
export interface ClusterAccess {
  /** Base URL, `https://…`; a path is kept as a prefix. `http://` only to loopback addresses. */
  readonly server: string;
  /** PEM certificates to trust instead of the system's. */
  readonly caPem?: string;
  /** PEM client certificate chain, together with `clientKeyPem`. */
  readonly clientCertificatePem?: string;
  readonly clientKeyPem?: string;
  /** Where to take the three above from, once connections are made: they may change. */
  readonly tlsSource?: TlsSource;
  /** `http://`, `https://`, `socks5://` or `socks5h://`, with `user:password@` where the proxy asks for it. */
  readonly proxyUrl?: string;
  /** Name to ask for and to verify instead of the host of `server`. */
  readonly tlsServerName?: string;
  /** Accepts any server certificate. */
  readonly insecureSkipTlsVerify?: boolean;
  /** Bearer token, or where to take it from for each request. */
  readonly token?: string | TokenSource;
  /** Acts as somebody else. */
  readonly impersonate?: Impersonation;
  /** Namespace of the kubeconfig context or of the pod. */
  readonly namespace?: string;
  /** Where this came from, for messages: a file and context, or `in-cluster`. */
  readonly origin: string;
}

/**
 * Whom to act as, with the permission of the credentials to do so.
 *
 * @public
 */
export interface Impersonation {
  readonly user: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}
