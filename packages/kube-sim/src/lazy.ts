import type * as servingCertificate from "./serving-certificate.ts";

/** Certificate generation: only a simulator with TLS needs it; importing it costs 95 ms (Node 26.10, 2 vCPU). */
export const loadServingCertificate = (): Promise<typeof servingCertificate> => import("./serving-certificate.ts");
