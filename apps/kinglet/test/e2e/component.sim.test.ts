import { openSimCluster } from "@kinglet/testing";
import { componentSuite } from "./component-suite.ts";

componentSuite("component scenarios on a simulated API server", () => openSimCluster());
