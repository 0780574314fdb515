import type * as PolicyParts from "./policy-parts.ts";

/** Reading bundles and policies, and what compiles them: nothing of it is needed before the first bundle arrives. */
export const loadPolicyParts = (): Promise<typeof PolicyParts> => import("./policy-parts.ts");
