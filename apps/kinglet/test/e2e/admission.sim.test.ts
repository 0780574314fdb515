import { openSimCluster } from "@kinglet/testing";
import { describeAdmission } from "./admission-suite.ts";

describeAdmission("admission-controller on kube-sim", () => openSimCluster());
