import type * as BundleParts from "./bundle-parts.ts";
import type * as PolicyParts from "./policy-parts.ts";

/** Reading and verifying bundles: nothing of it is needed before the first one arrives. */
export const loadBundleParts = (): Promise<typeof BundleParts> => import("./bundle-parts.ts");

/** Reading and compiling policies: nothing of it is needed while there is none. */
export const loadPolicyParts = (): Promise<typeof PolicyParts> => import("./policy-parts.ts");
