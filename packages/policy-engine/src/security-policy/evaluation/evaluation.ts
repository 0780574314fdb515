import type { ContainerType } from "../model/policy-names.ts";
import type { ImageComponent, ImageMetadata } from "../workload/image-metadata.ts";
import type { Workload, WorkloadContainer, WorkloadPort } from "../workload/workload.ts";
import type {
  EvaluationSubject,
  NetworkPolicyCoverage,
  PermissionLevel,
  ServiceExposure,
} from "./evaluation-subject.ts";
import type { EvaluationNeed } from "./policy-verdict.ts";
import type { RuntimePolicyEvent } from "./runtime-event.ts";

/** What {@link Evaluation.missing} is made of; the position is the bit. */
const needNames: readonly EvaluationNeed[] = [
  "baseline",
  "cluster",
  "clusterLabels",
  "container",
  "image",
  "namespaceLabels",
  "networkPolicies",
  "patternEngine",
  "rbac",
  "services",
  "workload",
];

/** Bits of {@link Evaluation.missing}. @internal */
export const needBit = {
  baseline: 1,
  cluster: 2,
  clusterLabels: 4,
  container: 8,
  image: 16,
  namespaceLabels: 32,
  networkPolicies: 64,
  patternEngine: 128,
  rbac: 256,
  services: 512,
  workload: 1024,
} as const;

/** What a subject of any stage may hold. @internal */
export type AnySubject = Partial<EvaluationSubject> & { readonly event?: RuntimePolicyEvent };

/** Marks a port that has not been asked yet. */
const notAsked = Symbol("not asked");

/**
 * Scratch space of one evaluation: the subject, where in it the engine stands, and what it lacked. One object serves all
 * evaluations of a {@link PolicySet}, which are synchronous and do not nest; `end` lets go of the subject.
 *
 * @internal
 */
export class Evaluation {
  workload: Workload | undefined = undefined;
  event: RuntimePolicyEvent | undefined = undefined;
  subject: AnySubject = {};
  nowMs = 0;
  /** Needs that made a result unknown, as bits. */
  missing = 0;
  skipped: readonly ContainerType[] = [];
  /** Containers are only those of this name; empty means all. */
  eventContainer = "";
  /** Where the engine stands: parents of the element that a matcher or printer gets. */
  container: WorkloadContainer | undefined = undefined;
  port: WorkloadPort | undefined = undefined;
  component: ImageComponent | undefined = undefined;
  readonly #images: (ImageMetadata | undefined | typeof notAsked)[] = [];
  #permission: PermissionLevel | undefined | typeof notAsked = notAsked;
  #coverage: NetworkPolicyCoverage | undefined | typeof notAsked = notAsked;
  #exposures: readonly ServiceExposure[] | undefined | typeof notAsked = notAsked;

  begin(subject: AnySubject, nowMs: number): void {
    this.subject = subject;
    this.workload = subject.workload;
    this.event = subject.event;
    this.eventContainer = containerOf(subject.event);
    this.nowMs = nowMs;
    const count = subject.workload?.containers.length ?? 0;
    for (let index = 0; index < count; index++) this.#images[index] = notAsked;
    this.#permission = notAsked;
    this.#coverage = notAsked;
    this.#exposures = notAsked;
  }

  end(): void {
    this.begin({}, 0);
    this.#images.length = 0;
    this.container = undefined;
    this.port = undefined;
    this.component = undefined;
    this.skipped = [];
  }

  /** Metadata of a container's image; undefined when it is not known, which is noted. */
  imageOf(container: WorkloadContainer): ImageMetadata | undefined {
    let image = this.#images[container.index];
    if (image === notAsked) {
      image = this.subject.image?.(container.image);
      this.#images[container.index] = image;
    }
    if (image === undefined) this.missing |= needBit.image;
    return image;
  }

  permission(workload: Workload): PermissionLevel | undefined {
    if (this.#permission === notAsked) this.#permission = this.subject.rbac?.(workload);
    if (this.#permission === undefined) this.missing |= needBit.rbac;
    return this.#permission;
  }

  coverage(workload: Workload): NetworkPolicyCoverage | undefined {
    if (this.#coverage === notAsked) this.#coverage = this.subject.networkPolicies?.(workload);
    if (this.#coverage === undefined) this.missing |= needBit.networkPolicies;
    return this.#coverage;
  }

  exposures(workload: Workload): readonly ServiceExposure[] | undefined {
    if (this.#exposures === notAsked) this.#exposures = this.subject.services?.(workload);
    if (this.#exposures === undefined) this.missing |= needBit.services;
    return this.#exposures;
  }

  /** Names of what is missing, sorted. */
  missingNames(): readonly EvaluationNeed[] {
    return needNames.filter((_name, index) => (this.missing & (1 << index)) !== 0);
  }
}

/** Only processes and file accesses are facts of one container; a request to exec is about the pod. */
function containerOf(event: RuntimePolicyEvent | undefined): string {
  return event?.kind === "process" || event?.kind === "fileAccess" ? event.containerName : "";
}
