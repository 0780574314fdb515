/** Certificate generation: only a simulator with TLS needs it; importing it costs 95 ms (Node 26.10, 2 vCPU). */
export const loadServingCertificate = (): Promise<typeof import("./serving-certificate.ts")> =>
  import("./serving-certificate.ts");
