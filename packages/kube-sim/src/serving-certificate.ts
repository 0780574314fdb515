import { generate } from "selfsigned";

/** What an HTTPS server on loopback needs; all PEM. */
export interface ServingCertificate {
  readonly caPem: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

const KEY = { keyType: "ec", curve: "P-256", algorithm: "sha256" } as const;

/**
 * Makes a fresh certificate authority and a server certificate for `localhost`, `127.0.0.1` and `::1`, valid for a year.
 *
 * ECDSA P-256: about 40 ms for both, where RSA keys take several times that. The authority's key is not kept.
 */
export async function createServingCertificate(): Promise<ServingCertificate> {
  const authority = await generate([{ name: "commonName", value: "kube-sim-ca" }], {
    ...KEY,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, digitalSignature: true, critical: true },
    ],
  });
  const server = await generate([{ name: "commonName", value: "kube-sim" }], {
    ...KEY,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 2, value: "kubernetes.default.svc" },
          { type: 7, ip: "127.0.0.1" },
          { type: 7, ip: "::1" },
        ],
      },
    ],
  });
  return { caPem: authority.cert, certificatePem: server.cert, privateKeyPem: server.private };
}
