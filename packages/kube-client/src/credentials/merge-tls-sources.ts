import type { TlsCredentials, TlsSource } from "../tls-credentials.ts";

/**
 * An authority from one place and our own identity from another, where one of them may change.
 *
 * @param fixed - what does not change.
 * @returns undefined when nothing may change.
 */
export function mergeTlsSources(
  fixed: TlsCredentials,
  authority: TlsSource | undefined,
  identity: TlsSource | undefined,
): TlsSource | undefined {
  if (authority === undefined && identity === undefined) return undefined;
  let authorityPart: TlsCredentials | undefined;
  let identityPart: TlsCredentials | undefined;
  let merged: TlsCredentials | undefined;
  return {
    credentials: async () => {
      const nextAuthority = await authority?.credentials();
      const nextIdentity = await identity?.credentials();
      if (merged === undefined || nextAuthority !== authorityPart || nextIdentity !== identityPart) {
        authorityPart = nextAuthority;
        identityPart = nextIdentity;
        merged = { ...fixed, ...nextAuthority, ...nextIdentity };
      }
      return merged;
    },
    reject: () => {
      authority?.reject();
      identity?.reject();
    },
  };
}
