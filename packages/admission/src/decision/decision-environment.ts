import type { EvaluationSubject, PolicyMode, PolicyVerdict, Workload } from "@kinglet/policy-engine/security-policy";
import type { ImageMetadataCache } from "../images/image-metadata-cache.ts";
import type { BypassOptions } from "./bypass.ts";
import type { WorkloadSource } from "./workload-source.ts";

/**
 * Everything a decision depends on besides the review and the policies.
 *
 * @public
 */
export interface DecisionEnvironment {
  readonly bypass: BypassOptions;
  /** What a violated policy does that says nothing itself. */
  readonly defaultMode: PolicyMode;
  /** What happens when there is no time to decide. */
  readonly onTimeout: "allow" | "deny";
  readonly workloads: WorkloadSource;
  /** Undefined when nothing is known about images. */
  readonly images: ImageMetadataCache | undefined;
  /** What is known around workloads: cluster, namespaces, services, permissions. */
  readonly surroundings: (namespace: string) => Omit<EvaluationSubject, "workload" | "image">;
  /** True for what is followed in the cluster now: where it is missing, it is only not there yet. */
  readonly isFollowed: (need: PolicyVerdict["missing"][number]) => boolean;
  /** Reads an object that has a pod template. */
  readonly readWorkload: (object: unknown, options: { readonly namespace: string }) => Workload | undefined;
}
