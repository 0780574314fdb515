import type * as Watch from "./kubernetes-profile-watch.ts";

/** The metadata watch at a Kubernetes API: optional. */
export const loadKubernetesProfileWatch = (): Promise<typeof Watch> => import("./kubernetes-profile-watch.ts");
