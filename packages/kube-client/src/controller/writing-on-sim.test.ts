import { describeWriting } from "../../test/describe-writing.ts";
import { openSimServer } from "../../test/open-sim-server.ts";

describeWriting("Writing on kube-sim", () => openSimServer());
