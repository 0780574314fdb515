/**
 * Who a bearer token stands for.
 *
 * @public
 */
export interface SimUser {
  readonly name: string;
  /** The groups besides `system:authenticated`, which every known user is in. */
  readonly groups?: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** The identity a request acts under, complete: all groups, nothing left out. */
export interface UserInfo {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

export const ANONYMOUS = "system:anonymous";
export const ALL_AUTHENTICATED = "system:authenticated";
export const ALL_UNAUTHENTICATED = "system:unauthenticated";
/** The group that may do everything and grant everything. */
export const PRIVILEGED_GROUP = "system:masters";

/** The identity of requests without credentials. */
export const anonymousUser: UserInfo = { name: ANONYMOUS, uid: "", groups: [ALL_UNAUTHENTICATED], extra: {} };

/** A user of the token table as a request's identity: in the group of the authenticated, unless it says who it is to be. */
export function completeUser(user: SimUser): UserInfo {
  const groups = user.groups ?? [];
  const isPlaced = groups.includes(ALL_AUTHENTICATED) || groups.includes(ALL_UNAUTHENTICATED);
  return {
    name: user.name,
    uid: user.uid ?? "",
    groups: isPlaced || user.name === ANONYMOUS ? groups : [...groups, ALL_AUTHENTICATED],
    extra: user.extra ?? {},
  };
}

/** The user as `userInfo` of reviews: empty parts are left out. */
export function presentUser(user: UserInfo): Record<string, unknown> {
  return {
    ...(user.name === "" ? {} : { username: user.name }),
    ...(user.uid === "" ? {} : { uid: user.uid }),
    ...(user.groups.length === 0 ? {} : { groups: user.groups }),
    ...(Object.keys(user.extra).length === 0 ? {} : { extra: user.extra }),
  };
}

const NAMESPACE_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const SUBDOMAIN_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** The namespace and name in a user name of the form `system:serviceaccount:NAMESPACE:NAME`. */
export function splitServiceAccount(
  userName: string,
): { readonly namespace: string; readonly name: string } | undefined {
  const parts = userName.split(":");
  const [system, kind, namespace = "", name = ""] = parts;
  if (parts.length !== 4 || system !== "system" || kind !== "serviceaccount") return undefined;
  return NAMESPACE_NAME.test(namespace) && SUBDOMAIN_NAME.test(name) ? { namespace, name } : undefined;
}

/** The node in a user name of the form `system:node:NAME`. */
export function splitNode(userName: string): string | undefined {
  const prefix = "system:node:";
  const name = userName.slice(prefix.length);
  return userName.startsWith(prefix) && SUBDOMAIN_NAME.test(name) ? name : undefined;
}

/** The groups every service account of a namespace is in. */
export function serviceAccountGroups(namespace: string): string[] {
  return ["system:serviceaccounts", `system:serviceaccounts:${namespace}`];
}
