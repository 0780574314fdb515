/**
 * Who a bearer token stands for.
 *
 * @public
 */
export interface SimUser {
  readonly name: string;
  readonly groups?: readonly string[];
}

/** Paths that everybody may read, also without credentials. */
const OPEN_PATHS = /^\/(livez|readyz|healthz|version)(\/|$)/;

/** Static bearer tokens, as `--token-auth-file` of the real server gives. */
export class TokenAuthenticator {
  readonly #users: ReadonlyMap<string, SimUser>;

  constructor(users: ReadonlyMap<string, SimUser>) {
    this.#users = users;
  }

  /**
   * The user behind an Authorization header. No header is `system:anonymous`; a header that fits no token is undefined.
   */
  authenticate(header: string | undefined): SimUser | undefined {
    if (header === undefined || header === "") return { name: "system:anonymous", groups: ["system:unauthenticated"] };
    const match = /^Bearer +(\S+)\s*$/i.exec(header);
    return match?.[1] === undefined ? undefined : this.#users.get(match[1]);
  }

  /** Known users may do everything; the anonymous one may ask for health and version. */
  isAllowed(user: SimUser, path: string): boolean {
    return user.name !== "system:anonymous" || OPEN_PATHS.test(path);
  }
}
