import type * as DirectoryStore from "./create-directory-profile-store.ts";

/** The directory store with `node:fs/promises`: 0.4 MB of heap (Node 26.10) that profiles at a Kubernetes API do not need. */
export const loadDirectoryProfileStore = (): Promise<typeof DirectoryStore> =>
  import("./create-directory-profile-store.ts");
