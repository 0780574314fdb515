import type * as X509Issuer from "./certificates/x509-issuer.ts";

/**
 * Loads the issuer of certificates: 4.3 MB of heap (Node 26.10), used every few months.
 *
 * @public
 */
export const loadX509Issuer = (): Promise<typeof X509Issuer> => import("./certificates/x509-issuer.ts");
