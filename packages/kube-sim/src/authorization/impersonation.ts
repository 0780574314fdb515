import type { IncomingMessage } from "node:http";
import { badRequest } from "../refusals/refusals.ts";
import type { Decision } from "./rbac-authorizer.ts";
import { deniedRequest, type RequestAttributes, type ResourceAttributes } from "./request-attributes.ts";
import {
  ALL_AUTHENTICATED,
  ALL_UNAUTHENTICATED,
  ANONYMOUS,
  PRIVILEGED_GROUP,
  serviceAccountGroups,
  splitNode,
  splitServiceAccount,
  type UserInfo,
} from "./user-info.ts";

/** Decides on one request of one user. */
export type Authorize = (user: UserInfo, attributes: RequestAttributes) => Decision;

const EXTRA_PREFIX = "impersonate-extra-";
const NODE_NAME_KEY = "authentication.kubernetes.io/node-name";
const EXTRA_KEY = /^[a-z0-9]([-a-z0-9._]*[a-z0-9])?(\/[a-z0-9]([-a-z0-9._]*[a-z0-9])?)?$/;
/** From this many groups or values on, one check for all is tried before one for each. */
const MANY = 4;

/** Somebody whom a request goes on as. */
export interface Impersonation {
  readonly user: UserInfo;
  /** The verb that allowed it: `impersonate:user-info`; "" for the old `impersonate`. */
  readonly constraint: string;
}

/** One way of being allowed to impersonate; the first that says yes decides, the first that says no gives the answer. */
interface Mode {
  readonly name: "associated-node" | "arbitrary-node" | "serviceaccount" | "user-info" | "";
  appliesTo(wanted: UserInfo, requester: UserInfo): boolean;
}

const modes: readonly Mode[] = [
  { name: "associated-node", appliesTo: isOwnNode },
  { name: "arbitrary-node", appliesTo: (wanted) => isNameOnly(wanted) && splitNode(wanted.name) !== undefined },
  {
    name: "serviceaccount",
    appliesTo: (wanted) => isNameOnly(wanted) && splitServiceAccount(wanted.name) !== undefined,
  },
  {
    name: "user-info",
    appliesTo: (wanted) => splitNode(wanted.name) === undefined && splitServiceAccount(wanted.name) === undefined,
  },
  { name: "", appliesTo: () => true },
];

/**
 * The user that the headers of a request ask to act as.
 *
 * @returns undefined when none asks for it.
 * @throws ApiRefusal 400 when groups, uid or extra are given without a user.
 */
export function readImpersonation(request: IncomingMessage): UserInfo | undefined {
  const { rawHeaders } = request;
  let name = "";
  let uid = "";
  const groups: string[] = [];
  const values = new Map<string, string[]>();
  // Pairs as they were sent: repeated headers are lists here, whichever version of HTTP brought them.
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const header = (rawHeaders[at] ?? "").toLowerCase();
    const value = rawHeaders[at + 1] ?? "";
    if (header === "impersonate-user") name ||= value;
    else if (header === "impersonate-uid") uid ||= value;
    else if (header === "impersonate-group") groups.push(value);
    else if (header.startsWith(EXTRA_PREFIX)) {
      const key = decodeKey(header.slice(EXTRA_PREFIX.length));
      values.set(key, [...(values.get(key) ?? []), value]);
    }
  }
  const extra = Object.fromEntries(values);
  if (name !== "") return { name, uid, groups, extra };
  if (uid === "" && groups.length === 0 && Object.keys(extra).length === 0) return undefined;
  throw badRequest(`requested ${describeWanted({ name, uid, groups, extra })} without impersonating a user name`);
}

/**
 * The identity under which a request goes on, once the requester is found to be allowed to take it.
 *
 * Tried in this order: the constrained modes (`impersonate-on:MODE:VERB` for what is done and `impersonate:MODE` for who is
 * impersonated), then the old `impersonate` verb.
 *
 * @throws ApiRefusal 403
 * @see k8s.io/apiserver v0.36.3 pkg/endpoints/filters/impersonation
 */
export function impersonate(
  authorize: Authorize,
  requester: UserInfo,
  wanted: UserInfo,
  attributes: RequestAttributes,
): Impersonation {
  let refused: Error | undefined;
  for (const mode of modes) {
    if (!mode.appliesTo(wanted, requester)) continue;
    try {
      const user = actAs(authorize, mode.name, requester, wanted, attributes);
      return { user, constraint: mode.name === "" ? "" : `impersonate:${mode.name}` };
    } catch (error) {
      refused ??= error as Error;
    }
  }
  throw refused ?? badRequest("all impersonation modes failed");
}

function actAs(
  authorize: Authorize,
  mode: Mode["name"],
  requester: UserInfo,
  wanted: UserInfo,
  attributes: RequestAttributes,
): UserInfo {
  const isConstrained = mode !== "";
  const verb = isConstrained ? `impersonate:${mode}` : "impersonate";
  const identityGroup = isConstrained ? "authentication.k8s.io" : "";
  const asked = mode === "associated-node" ? withNodeKeys(requester) : requester;
  const demand = (wish: RequestAttributes): void => {
    const { allowed, reason } = authorize(asked, wish);
    if (!allowed) throw deniedRequest(asked, wish, reason);
  };
  const about = (resource: string, name: string, more: Partial<ResourceAttributes> = {}): ResourceAttributes => ({
    isResource: true,
    verb,
    group: "authentication.k8s.io",
    resource,
    subresource: "",
    namespace: "",
    name,
    ...more,
  });
  if (isConstrained) demand({ ...attributes, verb: `impersonate-on:${mode}:${attributes.verb}` });
  let groups = wanted.groups;
  const node = isConstrained ? splitNode(wanted.name) : undefined;
  const account = splitServiceAccount(wanted.name);
  if (node !== undefined) {
    groups = ["system:nodes"];
    demand(about("nodes", mode === "associated-node" ? "*" : node));
  } else if (account !== undefined) {
    if (groups.length === 0) groups = serviceAccountGroups(account.namespace);
    demand(about("serviceaccounts", account.name, { group: identityGroup, namespace: account.namespace }));
  } else {
    demand(about("users", wanted.name, { group: identityGroup }));
  }
  if (wanted.uid !== "") demand(about("uids", wanted.uid));
  demandGroups(wanted.groups, isConstrained, about("groups", "", { group: identityGroup }), asked, demand);
  demandExtra(wanted.extra, isConstrained, about("userextras", ""), asked, demand);
  return { ...wanted, groups: withStandingGroup(wanted.name, groups) };
}

function demandGroups(
  groups: readonly string[],
  isConstrained: boolean,
  about: ResourceAttributes,
  asked: UserInfo,
  demand: (wish: RequestAttributes) => void,
): void {
  if (isConstrained && groups.includes("")) {
    throw deniedRequest(asked, about, "impersonating the empty string group is not allowed");
  }
  if (isConstrained && groups.includes(PRIVILEGED_GROUP)) {
    const masters = { ...about, name: PRIVILEGED_GROUP };
    throw deniedRequest(asked, masters, "impersonating the system:masters group is not allowed");
  }
  if (isConstrained && groups.length >= MANY && isGranted(() => demand({ ...about, name: "*" }))) return;
  for (const name of groups) demand({ ...about, name });
}

function demandExtra(
  extra: UserInfo["extra"],
  isConstrained: boolean,
  about: ResourceAttributes,
  asked: UserInfo,
  demand: (wish: RequestAttributes) => void,
): void {
  const entries = Object.entries(extra);
  for (const [key, values] of isConstrained ? entries : []) {
    const problem = findExtraProblem(key, values);
    if (problem !== undefined) throw deniedRequest(asked, about, problem);
  }
  const count = entries.reduce((sum, entry) => sum + entry[1].length, 0);
  const isMany = entries.length >= MANY || count >= MANY;
  if (isConstrained && isMany && isGranted(() => demand({ ...about, subresource: "*", name: "*" }))) return;
  for (const [subresource, values] of entries) for (const name of values) demand({ ...about, subresource, name });
}

function findExtraProblem(key: string, values: readonly string[]): string | undefined {
  if (key === "") return "impersonating the empty string key in extra is not allowed";
  if (!EXTRA_KEY.test(key)) return `impersonating an invalid key in extra is not allowed: ${JSON.stringify(key)}`;
  if (values.length === 0) return "impersonating empty values in extra is not allowed";
  return values.includes("") ? "impersonating the empty string value in extra is not allowed" : undefined;
}

function isGranted(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    // Not allowed for all at once: each is then checked by itself, and that answer counts.
    return false;
  }
}

function withStandingGroup(name: string, groups: readonly string[]): readonly string[] {
  const group = name === ANONYMOUS ? ALL_UNAUTHENTICATED : ALL_AUTHENTICATED;
  return groups.includes(group) || groups.includes(ALL_UNAUTHENTICATED) ? groups : [...groups, group];
}

function isNameOnly(user: UserInfo): boolean {
  return user.uid === "" && user.groups.length === 0 && Object.keys(user.extra).length === 0;
}

function isOwnNode(wanted: UserInfo, requester: UserInfo): boolean {
  const node = splitNode(wanted.name);
  if (!isNameOnly(wanted) || node === undefined || splitServiceAccount(requester.name) === undefined) return false;
  const own = requester.extra[NODE_NAME_KEY] ?? [];
  return own.length === 1 && own[0] === node;
}

/** A service account on its own node is asked about without its pod and node, only with the names of those facts. */
function withNodeKeys(requester: UserInfo): UserInfo {
  const keys = Object.keys(requester.extra).sort();
  return { ...requester, extra: { "authentication.kubernetes.io/associated-node-keys": keys } };
}

function decodeKey(header: string): string {
  try {
    return decodeURIComponent(header);
  } catch {
    // Recorded as it came, as the API does.
    return header;
  }
}

function describeWanted(wanted: UserInfo): string {
  const list = (values: readonly string[]): string =>
    `[]string{${values.map((value) => JSON.stringify(value)).join(", ")}}`;
  const groups = wanted.groups.length === 0 ? "[]string(nil)" : list(wanted.groups);
  const extra = Object.entries(wanted.extra).map(([key, values]) => `${JSON.stringify(key)}:${list(values)}`);
  const map = extra.length === 0 ? "map[string][]string(nil)" : `map[string][]string{${extra.join(", ")}}`;
  return `&user.DefaultInfo{Name:"", UID:${JSON.stringify(wanted.uid)}, Groups:${groups}, Extra:${map}}`;
}
