/** A certificate with its private key, both as PEM. @public */
export interface KeyedCertificate {
  readonly certificate: string;
  /** PKCS #8. */
  readonly key: string;
}

/** What a new certificate is to say. @public */
export interface CertificateRequest {
  /** Common name, at most 64 characters. */
  readonly commonName: string;
  /** Names under which clients call the server; none for an authority. */
  readonly dnsNames: readonly string[];
  /** First and last moment at which it is valid, milliseconds since 1970; X.509 keeps whole seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Who signs; an authority signs itself. */
  readonly authority?: KeyedCertificate;
}

/**
 * Makes key pairs and certificates.
 *
 * Keys are P-256, signatures ECDSA with SHA-256: what every API server and every client of the last ten years can verify.
 *
 * @public
 */
export interface CertificateIssuer {
  /**
   * An authority (`authority` not given) or a serving certificate. Every call makes a new key.
   *
   * @throws `KINGLET_ERR_POLICY_CONTROLLER_ISSUE` when the library refuses.
   */
  issue(request: CertificateRequest): Promise<KeyedCertificate>;
}
