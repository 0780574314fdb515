import type * as TestPolicies from "./test-policies.ts";
import type * as ValidatePolicies from "./validate-policies.ts";

/** The commands come with the YAML library and the criteria; `--help` and wrong arguments need neither. */
export const loadValidatePolicies = (): Promise<typeof ValidatePolicies> => import("./validate-policies.ts");
/** See {@link loadValidatePolicies}. */
export const loadTestPolicies = (): Promise<typeof TestPolicies> => import("./test-policies.ts");
