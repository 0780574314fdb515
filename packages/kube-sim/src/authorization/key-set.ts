import type { Exchange } from "../requests/exchange.ts";
import type { AccessControl } from "./access-control.ts";
import { TOKEN_ISSUER } from "./service-account-tokens.ts";

/**
 * Answers how service account tokens can be checked by others: the issuer's configuration and its public keys.
 *
 * @returns false when the path is neither
 */
export function answerKeySet(exchange: Exchange, access: AccessControl): boolean {
  switch (exchange.path) {
    case "/.well-known/openid-configuration":
      exchange.request.resume();
      exchange.sendJson(200, {
        issuer: TOKEN_ISSUER,
        jwks_uri: `https://${exchange.request.headers.host ?? ""}/openid/v1/jwks`,
        response_types_supported: ["id_token"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["ES256"],
      });
      return true;
    case "/openid/v1/jwks":
      exchange.request.resume();
      exchange.sendText(200, "application/jwk-set+json", JSON.stringify(access.serviceAccountTokens.keySet()));
      return true;
    default:
      return false;
  }
}
