import type * as yaml from "./parse-yaml.ts";

/** Read only when a settings file is given and is not JSON. */
export const loadYaml = (): Promise<typeof yaml> => import("./parse-yaml.ts");
