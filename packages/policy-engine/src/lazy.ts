import type { CelEngineModule } from "./cel-engine.ts";

/**
 * Loads the CEL library and the engine over it. Until the first call they cost nothing; the figures are in the README.
 *
 * @public
 */
export const loadCelEngine = (): Promise<CelEngineModule> => import("./cel-js-engine.ts");
