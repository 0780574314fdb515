import { checkDefinition } from "@kinglet/lazy-schema";
import { describe, expect, it } from "vitest";

import { securityPolicySpecSchema } from "./policy-schema.ts";

describe("securityPolicySpecSchema", () => {
  it("is built once and without mistakes", () => {
    expect(securityPolicySpecSchema()).toBe(securityPolicySpecSchema());
    expect(checkDefinition(securityPolicySpecSchema())).toEqual([]);
  });
});
