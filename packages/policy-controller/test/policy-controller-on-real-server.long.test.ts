import { realClusterAvailability } from "@kinglet-tools/real-cluster";
import { describe } from "vitest";
import { describePolicyController } from "./describe-policy-controller.ts";
import { openRealFixture } from "./open-real-fixture.ts";

const real = realClusterAvailability(process.env);
const isSkipped = real.source !== "binaries" && !real.isRequired;
const skipped = isSkipped ? ` [skipped: ${real.skipReason.replace(/^\(|\)$/g, "")}]` : "";

describe.skipIf(isSkipped)(`Policy controller [requires real-cluster]${skipped}`, () => {
  describePolicyController("on the real API server", () => openRealFixture());
});
