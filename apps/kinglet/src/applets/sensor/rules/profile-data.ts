import type { RuleDefinition } from "@kinglet/policy-engine";

/** No entry of a profile is empty. */
const nothing = [{ exact: "" }] as const;
const nothingOfAll: NonNullable<RuleDefinition["profileDataRequired"]> = {
  opens: nothing,
  execs: nothing,
  capabilities: nothing,
  syscalls: nothing,
  endpoints: nothing,
  egressDomains: nothing,
  egressAddresses: nothing,
  ingressDomains: nothing,
  ingressAddresses: nothing,
};

/**
 * What profiles must keep for these rules: what they declare, see `ProfileCache.setProfileDataRequired`.
 *
 * The cache keeps whole what no rule declares, in case a rule that declares nothing asks for it. Where every rule that runs declares, nobody
 * can ask, and nothing of it is kept (but patterns of paths, of which nobody can say what they match).
 *
 * @internal
 */
export function profileDataOf(rules: readonly RuleDefinition[]): readonly unknown[] {
  const declarations: unknown[] = rules.filter((rule) => rule.enabled).map((rule) => rule.profileDataRequired);
  if (!declarations.includes(undefined)) declarations.push(nothingOfAll);
  return declarations;
}
