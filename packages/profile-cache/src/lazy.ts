import type * as Composer from "./profile-composer.ts";
import type * as Refresher from "./profile-refresher.ts";

/**
 * Everything that makes a profile out of objects: merging, checksums, projection, wildcards. An idle sensor has no profile and loads none of
 * it.
 */
export const loadProfileComposer = (): Promise<typeof Composer> => import("./profile-composer.ts");

/** What fetches and refreshes: an idle sensor has no container and loads none of it. */
export const loadProfileRefresher = (): Promise<typeof Refresher> => import("./profile-refresher.ts");
