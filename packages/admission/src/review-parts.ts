import { readWorkload } from "@kinglet/policy-engine/security-policy";
import { AdmissionDecider } from "./decision/admission-decider.ts";
import { ClusterSurroundings } from "./decision/cluster-surroundings.ts";
import { createKubeWorkloadSource } from "./decision/kube-workload-source.ts";
import { createFileImageSource } from "./images/file-image-source.ts";
import { ImageMetadataCache } from "./images/image-metadata-cache.ts";
import { ReviewEndpoint } from "./server/review-endpoint.ts";

export {
  AdmissionDecider,
  ClusterSurroundings,
  createFileImageSource,
  createKubeWorkloadSource,
  ImageMetadataCache,
  readWorkload,
  ReviewEndpoint,
};
