import { describeApiServer } from "./api-server-contract.ts";
import { openSimCluster } from "./open-sim-cluster.ts";

describeApiServer("kube-sim", () => openSimCluster());
