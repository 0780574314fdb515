import { describe, expect, it } from "vitest";

import * as lazySchema from "./index.ts";

describe("importing the package", () => {
  it("builds nothing: there is no lazy value and no registry among its exports [schema S-4]", () => {
    for (const value of Object.values(lazySchema)) {
      expect(value).not.toHaveProperty("isBuilt");
      expect(value).not.toBeInstanceOf(lazySchema.LazyRegistry);
    }
  });
});
