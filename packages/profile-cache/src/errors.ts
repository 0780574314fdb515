import type { ErrorCodeEntry } from "@kinglet/errors";

/** Codes of this package. @public */
export type ProfileCacheErrorCode =
  | "KINGLET_ERR_PROFILE_CACHE_RUNNING"
  | "KINGLET_ERR_PROFILE_CACHE_INVALID_OPTION"
  | "KINGLET_ERR_PROFILE_CACHE_INVALID_DECLARATION";

/**
 * Error codes of `@kinglet/profile-cache`.
 *
 * @public
 */
export const profileCacheErrors: Readonly<Record<ProfileCacheErrorCode, ErrorCodeEntry>> = {
  KINGLET_ERR_PROFILE_CACHE_RUNNING: {
    message: "the profile cache runs already",
    retryable: false,
    remedy: "Call run once; call it again only after the promise of the first call settled.",
  },
  KINGLET_ERR_PROFILE_CACHE_INVALID_OPTION: {
    message: "{name} must be a whole number of at least {least}, got {value}",
    retryable: false,
    remedy: "Pass a value inside the permitted range.",
  },
  KINGLET_ERR_PROFILE_CACHE_INVALID_DECLARATION: {
    message: "what a rule needs of profiles is not understood: {name} {problem}",
    retryable: false,
    remedy: 'Give each surface "all" or a list of {exact}, {prefix}, {suffix} or {contains}.',
  },
};
