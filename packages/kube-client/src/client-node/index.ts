export { createClientFromKubeConfig, type KubeConfigClientOptions } from "./create-client-from-kube-config.ts";
export type { JsonOf, WholeObject } from "./json-of.ts";
