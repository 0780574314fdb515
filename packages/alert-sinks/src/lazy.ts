/**
 * Loads what sends alerts elsewhere than to standard output. Until the first call it costs nothing; the figures are in the README.
 *
 * @public
 */
export const loadExporters = (): Promise<typeof import("./exporters/index.ts")> => import("./exporters/index.ts");
