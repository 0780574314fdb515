import type { RuleDefinition } from "@kinglet/policy-engine";

/**
 * What the enabled ones of the built-in rules together ask of profiles, in the form of one rule's declaration: known at the start without
 * the rules.
 *
 * @public
 */
export const builtinProfileData: NonNullable<RuleDefinition["profileDataRequired"]> = {
  execs: "all",
  syscalls: "all",
  capabilities: "all",
  egressDomains: "all",
  egressAddresses: "all",
  opens: [
    { prefix: "/etc/shadow" },
    { prefix: "/etc/sudoers" },
    { prefix: "/run/secrets/eks.amazonaws.com/serviceaccount" },
    { prefix: "/run/secrets/kubernetes.io/serviceaccount" },
    { prefix: "/var/run/secrets/eks.amazonaws.com/serviceaccount" },
    { prefix: "/var/run/secrets/kubernetes.io/serviceaccount" },
    { suffix: "/environ" },
  ],
};
