import { createHash, generateKeyPairSync, randomUUID, sign, verify, type KeyObject } from "node:crypto";
import type { Clock } from "@kinglet/lifecycle";
import { isJsonRecord, readPath, type JsonRecord, type KubeObject } from "../resources/kube-object.ts";
import { serviceAccountGroups, type UserInfo } from "./user-info.ts";

/** Who issues the tokens, and whom they are for when nothing else is asked. */
export const TOKEN_ISSUER = "https://kubernetes.default.svc";

/** Clocks may differ by this much, milliseconds; what was deleted longer ago no longer carries a token. */
const LEEWAY_MS = 60_000;

/** What a token is bound to: with the object goes the token. */
export interface TokenBinding {
  readonly pod?: KubeObject;
  readonly secret?: KubeObject;
  readonly node?: { readonly name: string; readonly uid: string };
}

/** A token's holder, or why it holds for nobody. */
export type TokenVerdict =
  | { readonly kind: "user"; readonly user: UserInfo; readonly audiences: readonly string[] }
  | { readonly kind: "invalid"; readonly reason: string }
  /** Not one of ours: another authenticator may know it. */
  | { readonly kind: "foreign" };

/** Reads one stored object; `resource` as `pods`. */
export type FindObject = (resource: string, namespace: string, name: string) => KubeObject | undefined;

/**
 * Issues and checks service account tokens: JWTs signed with ES256, whose claims are those of the real server.
 *
 * A token holds until it expires or the account, or the object it is bound to, is gone or replaced by another of the same name.
 * The key lives as long as the simulator and is made when the first token is.
 *
 * @see k8s.io/kubernetes v1.36.3 pkg/serviceaccount/claims.go
 */
export class ServiceAccountTokens {
  readonly #clock: Clock;
  readonly #find: FindObject;
  #keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } | undefined;

  constructor(clock: Clock, find: FindObject) {
    this.#clock = clock;
    this.#find = find;
  }

  /** The id of a token that was issued here; the audit log names it. */
  idOf(token: string): string {
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as {
      readonly jti: string;
    };
    return claims.jti;
  }

  /** @param seconds - until it expires */
  issue(account: KubeObject, audiences: readonly string[], seconds: number, binding: TokenBinding): string {
    const now = Math.floor(this.#clock.now() / 1000);
    const { pod, secret, node } = binding;
    const claims = {
      aud: audiences,
      exp: now + seconds,
      iat: now,
      iss: TOKEN_ISSUER,
      jti: randomUUID(),
      "kubernetes.io": {
        namespace: account.metadata.namespace,
        ...(node === undefined ? {} : { node: node.uid === "" ? { name: node.name } : node }),
        ...(pod === undefined ? {} : { pod: referTo(pod) }),
        ...(secret === undefined ? {} : { secret: referTo(secret) }),
        serviceaccount: referTo(account),
      },
      nbf: now,
      sub: `system:serviceaccount:${account.metadata.namespace}:${account.metadata.name}`,
    };
    const head = `${encode({ alg: "ES256", kid: this.#keyId() })}.${encode(claims)}`;
    const signature = sign("sha256", Buffer.from(head), { key: this.#keyPair().privateKey, dsaEncoding: "ieee-p1363" });
    return `${head}.${signature.toString("base64url")}`;
  }

  /** @param audiences - of which the token must name one. */
  check(token: string, audiences: readonly string[]): TokenVerdict {
    const parts = token.split(".");
    const claims = parts.length === 3 ? decode(parts[1] ?? "") : undefined;
    if (claims?.["iss"] !== TOKEN_ISSUER) return { kind: "foreign" };
    const signature = Buffer.from(parts[2] ?? "", "base64url");
    const key = { key: this.#keyPair().publicKey, dsaEncoding: "ieee-p1363" } as const;
    if (!verify("sha256", Buffer.from(`${parts[0]}.${parts[1]}`), key, signature)) return { kind: "foreign" };
    const own = Array.isArray(claims["aud"]) ? claims["aud"].map(String) : [];
    const shared = own.filter((audience) => audiences.includes(audience));
    if (shared.length === 0) {
      return invalid(`token audiences ${quoted(own)} is invalid for the target audiences ${quoted(audiences)}`);
    }
    const now = this.#clock.now();
    if (now - LEEWAY_MS > Number(claims["exp"]) * 1000) return invalid("service account token has expired");
    if (now + LEEWAY_MS < Number(claims["nbf"]) * 1000) return invalid("service account token is not valid yet");
    return this.#checkObjects(claims, shared);
  }

  /** The public key, as `/openid/v1/jwks` publishes it. */
  keySet(): object {
    const jwk = this.#keyPair().publicKey.export({ format: "jwk" });
    const { kty, crv, x, y } = jwk;
    return { keys: [{ use: "sig", kty, kid: this.#keyId(), crv, alg: "ES256", x, y }] };
  }

  #checkObjects(claims: JsonRecord, audiences: readonly string[]): TokenVerdict {
    const own = isJsonRecord(claims["kubernetes.io"]) ? claims["kubernetes.io"] : {};
    const namespace = String(own["namespace"]);
    const account = readReference(own["serviceaccount"]);
    if (account === undefined) return invalid("service account token claims could not be validated");
    const stored = this.#find("serviceaccounts", namespace, account.name);
    if (stored === undefined) return invalid(`serviceaccounts ${JSON.stringify(account.name)} not found`);
    if (stored.metadata.uid !== account.uid) {
      return invalid(`service account UID (${stored.metadata.uid}) does not match claim (${account.uid})`);
    }
    if (this.#isLongDeleted(stored)) return invalid(`service account ${namespace}/${account.name} has been deleted`);
    const secret = readReference(own["secret"]);
    const pod = readReference(own["pod"]);
    const node = readReference(own["node"]);
    const problem =
      this.#findBindingProblem("secrets", "secret", namespace, secret) ??
      this.#findBindingProblem("pods", "pod", namespace, pod) ??
      (pod === undefined ? this.#findBindingProblem("nodes", "node", "", node) : undefined);
    if (problem !== undefined) return invalid(problem);
    const prefix = "authentication.kubernetes.io";
    const extra = {
      [`${prefix}/credential-id`]: [`JTI=${String(claims["jti"])}`],
      ...(node === undefined ? {} : { [`${prefix}/node-name`]: [node.name] }),
      ...(node === undefined || node.uid === "" ? {} : { [`${prefix}/node-uid`]: [node.uid] }),
      ...(pod === undefined ? {} : { [`${prefix}/pod-name`]: [pod.name], [`${prefix}/pod-uid`]: [pod.uid] }),
    };
    const groups = [...serviceAccountGroups(namespace), "system:authenticated"];
    const user = { name: `system:serviceaccount:${namespace}:${account.name}`, uid: account.uid, groups, extra };
    return { kind: "user", user, audiences };
  }

  #findBindingProblem(
    resource: string,
    kind: string,
    namespace: string,
    bound: { readonly name: string; readonly uid: string } | undefined,
  ): string | undefined {
    if (bound === undefined) return undefined;
    const stored = this.#find(resource, namespace, bound.name);
    if (stored === undefined || this.#isLongDeleted(stored)) return "service account token has been invalidated";
    if (stored.metadata.uid === bound.uid) return undefined;
    const title = kind === "node" ? "node UID" : `${kind} UID`;
    return `${title} (${stored.metadata.uid}) does not match service account ${kind} ref claim (${bound.uid})`;
  }

  #isLongDeleted(object: KubeObject): boolean {
    const at = object.metadata.deletionTimestamp;
    return at !== undefined && Date.parse(at) < this.#clock.now() - LEEWAY_MS;
  }

  #keyPair(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
    this.#keys ??= generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    return this.#keys;
  }

  #keyId(): string {
    const der = this.#keyPair().publicKey.export({ type: "spki", format: "der" });
    return createHash("sha256").update(der).digest("base64url");
  }
}

function referTo(object: KubeObject): { readonly name: string; readonly uid: string } {
  return { name: object.metadata.name, uid: object.metadata.uid };
}

function readReference(value: unknown): { readonly name: string; readonly uid: string } | undefined {
  const name = readPath(value, "name");
  const uid = readPath(value, "uid");
  return typeof name === "string" ? { name, uid: typeof uid === "string" ? uid : "" } : undefined;
}

function invalid(reason: string): TokenVerdict {
  return { kind: "invalid", reason };
}

function quoted(list: readonly string[]): string {
  return `[${list.map((item) => JSON.stringify(item)).join(" ")}]`;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function decode(part: string): JsonRecord | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
    return isJsonRecord(value) ? value : undefined;
  } catch {
    // Not a JWT, so not one of ours.
    return undefined;
  }
}
