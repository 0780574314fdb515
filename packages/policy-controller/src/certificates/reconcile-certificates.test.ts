import { openSimCluster } from "@kinglet/testing";
import { describeCertificates } from "../../test/describe-certificates.ts";

describeCertificates("reconcileCertificates on kube-sim", () => openSimCluster());
