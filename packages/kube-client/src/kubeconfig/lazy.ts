import type * as KubeconfigFiles from "./kubeconfig-files.ts";

/** kubeconfig files: a pod uses its service account. */
export const loadKubeconfigFiles = (): Promise<typeof KubeconfigFiles> => import("./kubeconfig-files.ts");
