import type * as Yaml from "yaml";

/** The YAML parser: only for bodies that are YAML and not JSON. */
export const loadYaml = (): Promise<typeof Yaml> => import("yaml");
