import { PolicySet, readSecurityPolicy, type PolicySetOptions } from "@kinglet/policy-engine/security-policy";
import { PolicyBuilder, type PolicyReader } from "./build-policies.ts";

/** What makes policies of bundles, with the policy engine behind it. @internal */
export function createPolicyBuilder(matching: PolicySetOptions, monotonicMs: () => number): PolicyBuilder {
  const engine: PolicyReader = {
    read: readSecurityPolicy,
    compile: async (policies) => {
      const set = new PolicySet(matching);
      set.replace(policies);
      await set.prepare();
      return set;
    },
  };
  return new PolicyBuilder(engine, monotonicMs);
}
