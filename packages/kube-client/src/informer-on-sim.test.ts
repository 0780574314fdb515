import { describeInformer } from "../test/describe-informer.ts";
import { openSimServer } from "../test/open-sim-server.ts";

describeInformer("Informer on kube-sim", () => openSimServer());
