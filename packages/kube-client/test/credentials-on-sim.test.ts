import { describeCredentials } from "./describe-credentials.ts";
import { openSimServer } from "./open-sim-server.ts";

describeCredentials("Credentials on kube-sim", () => openSimServer());
