import type * as ReviewParts from "./review-parts.ts";

/** Everything that only a review needs: reading it, deciding it, answering it. Loaded when the first policies are in force. @public */
export const loadReviewParts = (): Promise<typeof ReviewParts> => import("./review-parts.ts");
