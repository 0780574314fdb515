import type * as DirectoryStore from "./create-directory-profile-store.ts";
import type * as KubernetesStore from "./kubernetes-profile-store.ts";

/** The directory store with `node:fs/promises`: 0.4 MB of heap (Node 26.10) that profiles at a Kubernetes API do not need. */
export const loadDirectoryProfileStore = (): Promise<typeof DirectoryStore> =>
  import("./create-directory-profile-store.ts");

/** The store at a Kubernetes API: a node without pods asks it for nothing. */
export const loadKubernetesProfileStore = (): Promise<typeof KubernetesStore> =>
  import("./kubernetes-profile-store.ts");
