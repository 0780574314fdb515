import type * as Yaml from "yaml";

/** The YAML parser: a JSON kubeconfig and a pod's service account never need it. */
export const loadYaml = (): Promise<typeof Yaml> => import("yaml");
