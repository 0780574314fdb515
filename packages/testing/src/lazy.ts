import type * as yaml from "yaml";

/** The YAML parser, only for suites that install the definitions of `deploy/crds`. */
export const loadYaml = (): Promise<typeof yaml> => import("yaml");
