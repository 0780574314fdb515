import { decodeBundle, unpackBundle, packBundle } from "@kinglet/policy-engine/bundle";
import { PolicySet, readSecurityPolicy, readWorkload } from "@kinglet/policy-engine/security-policy";
import { PolicyBuilder, type PolicyReader } from "./build-policies.ts";

/** The policy engine behind the ports of this package. */
const engine: PolicyReader = {
  read: readSecurityPolicy,
  compile: async (policies) => {
    const set = new PolicySet();
    set.replace(policies);
    await set.prepare();
    return set;
  },
};

/** What makes policies of bundles. @internal */
export function createPolicyBuilder(monotonicMs: () => number): PolicyBuilder {
  return new PolicyBuilder(engine, monotonicMs);
}

export { decodeBundle, packBundle, readWorkload, unpackBundle };
