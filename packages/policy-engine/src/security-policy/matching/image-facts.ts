import { needBit, type Evaluation } from "../evaluation/evaluation.ts";
import type { ImageConfig, ImageScan } from "../workload/image-metadata.ts";
import type { WorkloadContainer } from "../workload/workload.ts";

/** Configuration of a container's image; undefined when it is not known, which is noted. @internal */
export function configOf(container: WorkloadContainer, evaluation: Evaluation): ImageConfig | undefined {
  const config = evaluation.imageOf(container)?.config;
  if (config === undefined) evaluation.missing |= needBit.image;
  return config;
}

/** Scan of a container's image; null when there is none, undefined when that is not known, which is noted. @internal */
export function scanOf(container: WorkloadContainer, evaluation: Evaluation): ImageScan | null | undefined {
  const scan = evaluation.imageOf(container)?.scan;
  if (scan === undefined) evaluation.missing |= needBit.image;
  return scan;
}
