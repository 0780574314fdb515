/**
 * What the two ends of a connection prove themselves with; all PEM.
 *
 * @public
 */
export interface TlsCredentials {
  /** Certificates to trust instead of the system's. */
  readonly caPem?: string;
  /** Client certificate chain, together with `clientKeyPem`. */
  readonly clientCertificatePem?: string;
  readonly clientKeyPem?: string;
}

/**
 * Credentials that change while they are in use: files that somebody renews, or the answers of a plugin.
 *
 * @public
 */
export interface TlsSource {
  /** What to use now: the same object as long as nothing changed. Cheap: asked before each request. @throws KINGLET_ERR_KUBE_CLIENT_CREDENTIALS when there is nothing to use. */
  credentials(): Promise<TlsCredentials>;
  /** A connection was refused with what was given last: look for something new at the next chance. */
  reject(): void;
}
