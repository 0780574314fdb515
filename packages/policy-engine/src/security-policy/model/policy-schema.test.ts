import { checkDefinition } from "@kinglet/lazy-schema";
import { describe, expect, it } from "vitest";

import { securityPolicySpecSchema } from "./policy-schema.ts";

describe("securityPolicySpecSchema", () => {
  it("is built at the first call, once, and without mistakes [policy V-8]", () => {
    expect(securityPolicySpecSchema()).toBe(securityPolicySpecSchema());
    expect(checkDefinition(securityPolicySpecSchema())).toEqual([]);
  });
});
