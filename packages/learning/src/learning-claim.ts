import { COMPLETION_ANNOTATION, STATUS_ANNOTATION, type ProfileCompletion, type ProfileStatus } from "@kinglet/profile";

/** What one container says about its profile. @internal */
export interface LearningClaim {
  readonly status: ProfileStatus;
  readonly completion: ProfileCompletion;
}

/** The annotations that a claim is. @internal */
export function claimAnnotations(claim: LearningClaim): Readonly<Record<string, string>> {
  return {
    [STATUS_ANNOTATION]: claim.status,
    ...(claim.completion === "" ? undefined : { [COMPLETION_ANNOTATION]: claim.completion }),
  };
}
