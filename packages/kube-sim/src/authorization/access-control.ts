import type { IncomingMessage } from "node:http";
import { refusal } from "../refusals/refusals.ts";
import { readClientCertificate } from "./client-certificate.ts";
import { impersonate, readImpersonation, type Impersonation } from "./impersonation.ts";
import type { Decision, RbacAuthorizer } from "./rbac-authorizer.ts";
import type { RequestAttributes } from "./request-attributes.ts";
import { TOKEN_ISSUER, type ServiceAccountTokens, type TokenVerdict } from "./service-account-tokens.ts";
import { ALL_UNAUTHENTICATED, anonymousUser, completeUser, type SimUser, type UserInfo } from "./user-info.ts";

/** Paths that everybody may read, also without credentials, when nothing is enforced. */
const OPEN_PATHS = /^\/(livez|readyz|healthz|version)(\/|$)/;

/** What access control is built from. */
export interface AccessControlParts {
  /** Bearer token → user. */
  readonly tokens: ReadonlyMap<string, SimUser>;
  readonly serviceAccountTokens: ServiceAccountTokens;
  /** undefined: known users may do everything, the anonymous one may ask for health and version. */
  readonly rbac: RbacAuthorizer | undefined;
}

/** Who asks, as whom, and whether that is allowed. */
export class AccessControl {
  readonly #parts: AccessControlParts;

  constructor(parts: AccessControlParts) {
    this.#parts = parts;
  }

  /** Whom tokens are for by default. */
  get audiences(): readonly string[] {
    return [TOKEN_ISSUER];
  }

  get rbac(): RbacAuthorizer | undefined {
    return this.#parts.rbac;
  }

  get serviceAccountTokens(): ServiceAccountTokens {
    return this.#parts.serviceAccountTokens;
  }

  /**
   * Who asks: the user of the connection's certificate, else of the token; `system:anonymous` without either.
   *
   * @throws ApiRefusal 401
   */
  authenticate(request: IncomingMessage): UserInfo {
    const certificate = readClientCertificate(request);
    if (certificate.kind === "user") return certificate.user;
    const token = /^\s*bearer (\S+)/i.exec(request.headers.authorization ?? "")?.[1];
    if (token === undefined && certificate.kind === "none") return anonymousUser;
    const verdict = token === undefined ? undefined : this.checkToken(token, this.audiences);
    if (verdict?.kind !== "user") throw refusal(401, "Unauthorized", "Unauthorized");
    return verdict.user;
  }

  /**
   * The identity that a request asks to go on under, if it asks and the requester may take it; undefined: it stays his own.
   *
   * @throws ApiRefusal 400, 403
   */
  impersonate(request: IncomingMessage, requester: UserInfo, attributes: RequestAttributes): Impersonation | undefined {
    const wanted = readImpersonation(request);
    if (wanted === undefined) return undefined;
    return impersonate((asked, wish) => this.authorize(asked, wish), requester, wanted, attributes);
  }

  /** Whom a token stands for. */
  checkToken(token: string, audiences: readonly string[]): TokenVerdict {
    const user = this.#parts.tokens.get(token);
    if (user !== undefined) {
      // A static token names no audience: it is meant for this server.
      const own = audiences.filter((audience) => this.audiences.includes(audience));
      return own.length === 0 ? { kind: "foreign" } : { kind: "user", user: completeUser(user), audiences: own };
    }
    return this.#parts.serviceAccountTokens.check(token, audiences);
  }

  /** Whether a user may do something, and why. */
  authorize(user: UserInfo, attributes: RequestAttributes): Decision {
    const { rbac } = this.#parts;
    if (user.groups.includes("system:masters")) return { allowed: true, reason: "" };
    if (rbac !== undefined) return rbac.authorize(user, attributes);
    const isKnown = !user.groups.includes(ALL_UNAUTHENTICATED);
    return { allowed: isKnown || (!attributes.isResource && OPEN_PATHS.test(attributes.path)), reason: "" };
  }
}
