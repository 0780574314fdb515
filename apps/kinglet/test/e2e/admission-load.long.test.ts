import { openSimCluster } from "@kinglet/testing";
import { describe } from "vitest";
import { admissionLoadSuite } from "./admission-load-suite.ts";
import { isSkipped, openRealFixture, realTitle } from "./open-real-fixture.ts";

const openSim = () => openSimCluster({ resolveService: (_namespace, _name, port) => `127.0.0.1:${String(port)}` });

admissionLoadSuite("300 reviews a second straight at two admission controllers", openSim, { direct: 300 });
admissionLoadSuite("dry-run requests to kube-sim", openSim, { dryRun: 8 });
describe.skipIf(isSkipped)(realTitle("dry-run requests"), () => {
  admissionLoadSuite("to a real API server", openRealFixture, { dryRun: 16 });
});
