import type * as PolicyEngine from "@kinglet/policy-engine";
import type * as SecurityPolicies from "@kinglet/policy-engine/security-policy";
import type * as ResourceJudges from "./resources/resource-judges.ts";
import type * as X509Issuer from "./certificates/x509-issuer.ts";

/**
 * Loads the issuer of certificates: 4.3 MB of heap (Node 26.10), used every few months.
 *
 * @public
 */
export const loadX509Issuer = (): Promise<typeof X509Issuer> => import("./certificates/x509-issuer.ts");

/** Reading and compiling policies: needed with the first one. */
export const loadSecurityPolicies = (): Promise<typeof SecurityPolicies> =>
  import("@kinglet/policy-engine/security-policy");

/** Reading rules and checking their expressions: needed with the first Rules resource. */
export const loadRuleEngine = (): Promise<typeof PolicyEngine> => import("@kinglet/policy-engine");

/**
 * Loads the judges of policies and rules; their engines come with the first resource, 8 MB of memory (Node 26.10).
 *
 * @public
 */
export const loadResourceJudges = (): Promise<typeof ResourceJudges> => import("./resources/resource-judges.ts");
