import { openSimCluster } from "@kinglet/testing";
import { describeAdmissionChain } from "./admission-chain-suite.ts";

describeAdmissionChain("policies to refusals on kube-sim", () =>
  openSimCluster({ resolveService: (_namespace, _name, port) => `127.0.0.1:${String(port)}` }),
);
