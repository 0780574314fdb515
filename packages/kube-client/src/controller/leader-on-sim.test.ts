import { describeLeader } from "../../test/describe-leader.ts";
import { openSimServer } from "../../test/open-sim-server.ts";

describeLeader("on kube-sim", () => openSimServer());
