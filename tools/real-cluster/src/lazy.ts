import type * as Yaml from "yaml";

/** The YAML parser; only the kubeconfig of an existing cluster needs it. @internal */
export const loadYaml = (): Promise<typeof Yaml> => import("yaml");
