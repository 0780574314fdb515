import { realClusterAvailability } from "@kinglet-tools/real-cluster";
import { describe } from "vitest";
import { describeCertificates } from "./describe-certificates.ts";
import { openRealFixture } from "./open-real-fixture.ts";

const real = realClusterAvailability(process.env);
const isSkipped = real.source !== "binaries" && !real.isRequired;
const skipped = isSkipped ? ` [skipped: ${real.skipReason.replace(/^\(|\)$/g, "")}]` : "";

describe.skipIf(isSkipped)(`Webhook certificates [requires real-cluster]${skipped}`, () => {
  describeCertificates("on the real API server", () => openRealFixture());
});
