import { openSimCluster } from "@kinglet/testing";
import { mainJobSuite } from "./main-job-suite.ts";

mainJobSuite("sensor on a simulated API server", () => openSimCluster());
