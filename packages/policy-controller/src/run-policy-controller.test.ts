import { openSimCluster } from "@kinglet/testing";
import { describePolicyController } from "../test/describe-policy-controller.ts";

describePolicyController("runPolicyController on kube-sim", () => openSimCluster());
