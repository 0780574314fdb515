/**
 * Hashes for comparing tokens, loaded when a token file is configured: 0.6 MB of heap (Node 26.10) that a process without TLS
 * would carry for nothing.
 *
 * @internal
 */
export const loadCrypto = (): Promise<CompareFunctions> => import("node:crypto");

interface CompareFunctions {
  createHash(algorithm: "sha256"): { update(text: string): { digest(): Uint8Array } };
  timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean;
}
