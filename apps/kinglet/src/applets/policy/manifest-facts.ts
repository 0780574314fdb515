import {
  readImageMetadata,
  readNetworkPolicyCoverage,
  readPermissionLevel,
  readServiceExposures,
  readWorkload,
  type EvaluationSubject,
  type ImageMetadata,
  type Workload,
} from "@kinglet/policy-engine/security-policy";
import type { PolicyConfig } from "./config.ts";
import { InputProblem, type Input } from "./read-inputs.ts";
import { expandList, kindOf } from "./read-policies.ts";
import { parseDocuments } from "./source-document.ts";

/** A workload of a manifest and where it stands. */
export interface ManifestWorkload {
  readonly file: string;
  readonly line: number;
  readonly workload: Workload;
}

/** What the manifests say: the workloads, and what is known around them. */
export interface ManifestFacts {
  readonly workloads: readonly ManifestWorkload[];
  subjectOf(workload: Workload): EvaluationSubject;
}

/**
 * Reads manifests. Services, NetworkPolicies, RBAC and Namespaces count as known when there is one of the kind, or with `complete`.
 *
 * @throws InputProblem for a manifest that is not YAML and an image file that is wrong.
 */
export function readManifests(
  inputs: readonly Input[],
  images: Input | undefined,
  config: PolicyConfig,
): ManifestFacts {
  const workloads: ManifestWorkload[] = [];
  const objects: unknown[] = [];
  for (const input of inputs) {
    for (const document of parseDocuments(input).flatMap(expandList)) {
      const [problem] = document.problems;
      if (problem !== undefined) throw new InputProblem(`${input.name}:${problem.line}: ${problem.message}`);
      const { line } = document.locate("", "value");
      const workload = readWorkload(document.value, { namespace: config.namespace });
      if (workload === undefined) objects.push(withNamespace(document.value, config.namespace));
      else workloads.push({ file: input.name, line, workload });
    }
  }
  return { workloads, subjectOf: subjects(objects, readImages(images), config) };
}

function subjects(
  objects: readonly unknown[],
  images: ReadonlyMap<string, ImageMetadata>,
  { cluster, complete }: PolicyConfig,
): (workload: Workload) => EvaluationSubject {
  const ofKind = (...kinds: readonly string[]): readonly unknown[] | undefined => {
    const found = objects.filter((object) => kinds.includes(kindOf(object)));
    return found.length > 0 || complete ? found : undefined;
  };
  const services = ofKind("Service");
  const policies = ofKind("NetworkPolicy");
  const bindings = ofKind("RoleBinding", "ClusterRoleBinding");
  const namespaces = ofKind("Namespace") as readonly LooseNamespace[] | undefined;
  return (workload) => {
    const namespace = namespaces?.find(({ metadata }) => metadata?.name === workload.namespace);
    return {
      workload,
      ...(cluster === undefined ? {} : { cluster }),
      ...(namespace === undefined
        ? {}
        : { namespaceLabels: new Map(Object.entries(namespace.metadata?.labels ?? {})) }),
      image: (reference) => images.get(reference),
      ...(services === undefined ? {} : { services: () => readServiceExposures(workload, services) }),
      ...(bindings === undefined ? {} : { rbac: () => readPermissionLevel(workload, objects) }),
      ...(policies === undefined ? {} : { networkPolicies: () => readNetworkPolicyCoverage(workload, policies) }),
    };
  };
}

interface LooseNamespace {
  readonly metadata?: { readonly name?: unknown; readonly labels?: Readonly<Record<string, string>> };
}

function withNamespace(value: unknown, namespace: string): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { metadata } = value as { readonly metadata?: { readonly namespace?: unknown } };
  return { ...value, metadata: { namespace, ...metadata } };
}

function readImages(input: Input | undefined): ReadonlyMap<string, ImageMetadata> {
  if (input === undefined) return new Map();
  const merged = new Map<string, ImageMetadata>();
  for (const document of parseDocuments(input)) {
    const [syntax] = document.problems;
    if (syntax !== undefined) throw new InputProblem(`${input.name}:${syntax.line}: ${syntax.message}`);
    const { images, problems } = readImageMetadata(document.value);
    const [problem] = problems;
    if (problem !== undefined) {
      const { line, column } = document.locate(problem.path, "value");
      throw new InputProblem(`${input.name}:${line}:${column}: ${problem.path} ${problem.message}`);
    }
    for (const [reference, metadata] of images) merged.set(reference, metadata);
  }
  return merged;
}
