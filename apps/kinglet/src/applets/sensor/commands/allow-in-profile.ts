import type { AlertAllowance } from "@kinglet/detection";
import { OBSERVED_SURFACES_ANNOTATION } from "@kinglet/profile";

/** A ContainerProfile as it is stored; what is not named here is kept as it is. @internal */
export interface ProfileDocument {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec?: Readonly<Record<string, unknown>>;
}

interface RulePolicyDocument {
  readonly processAllowed?: readonly string[] | null;
  readonly containerAllowed?: boolean;
}

/** Kept by whoever stores profiles; wrong once something is added. */
const ownAnnotations: ReadonlySet<string> = new Set([
  "kubescape.io/sync-checksum",
  "kubescape.io/resource-size",
  "kubectl.kubernetes.io/last-applied-configuration",
]);

/**
 * A profile with one entry more, as a document to apply.
 *
 * What the server fills in (version, uid, managed fields) is left out. With `as` it is an authored profile of that name for one container: it
 * holds all that the other one held and stands for it where the pod's label names it; it also says what nobody looked at while the other one was learned.
 *
 * @internal
 */
export function allowInProfile(
  base: ProfileDocument,
  { path, entry }: AlertAllowance,
  target: { readonly containerName: string; readonly namespace: string; readonly as?: string | undefined },
): ProfileDocument {
  const field = path.slice("spec.".length);
  const spec = addTo(base.spec ?? {}, field, entry, target.containerName);
  const { name, namespace = target.namespace, annotations = {}, labels } = base.metadata;
  const isAuthored = target.as !== undefined;
  const kept = Object.entries(annotations).filter(([key]) =>
    isAuthored ? key === OBSERVED_SURFACES_ANNOTATION : !ownAnnotations.has(key),
  );
  return {
    apiVersion: base.apiVersion ?? "spdx.softwarecomposition.kubescape.io/v1beta1",
    kind: base.kind ?? "ContainerProfile",
    metadata: {
      name: isAuthored ? `${target.as}-${target.containerName}` : name,
      namespace,
      ...(kept.length === 0 ? {} : { annotations: Object.fromEntries(kept) }),
      ...(labels === undefined || isAuthored ? {} : { labels }),
    },
    spec,
  };
}

/** Into the section of the container, where the document has one. */
function addTo(
  spec: Readonly<Record<string, unknown>>,
  field: string,
  entry: unknown,
  containerName: string,
): Readonly<Record<string, unknown>> {
  for (const group of ["containers", "initContainers", "ephemeralContainers"]) {
    const sections = spec[group];
    if (!Array.isArray(sections)) continue;
    const named = sections as readonly Readonly<Record<string, unknown>>[];
    const at = named.findIndex((section) => section["name"] === containerName);
    const section = named[at];
    if (section === undefined) continue;
    return { ...spec, [group]: named.with(at, withEntry(section, field, entry)) };
  }
  return withEntry(spec, field, entry);
}

function withEntry(
  surfaces: Readonly<Record<string, unknown>>,
  field: string,
  entry: unknown,
): Readonly<Record<string, unknown>> {
  const present = surfaces[field];
  if (field === "rulePolicies") return { ...surfaces, [field]: withPolicies(present, entry) };
  const list: readonly unknown[] = Array.isArray(present) ? present : [];
  const text = JSON.stringify(entry);
  return list.some((one) => JSON.stringify(one) === text) ? surfaces : { ...surfaces, [field]: [...list, entry] };
}

function withPolicies(present: unknown, entry: unknown): Readonly<Record<string, RulePolicyDocument>> {
  const policies = { ...(present as Readonly<Record<string, RulePolicyDocument>> | null | undefined) };
  for (const [rule, added] of Object.entries(entry as Readonly<Record<string, RulePolicyDocument>>)) {
    const known = policies[rule];
    policies[rule] = {
      processAllowed: [...new Set([...(known?.processAllowed ?? []), ...(added.processAllowed ?? [])])],
      containerAllowed: known?.containerAllowed === true || added.containerAllowed === true,
    };
  }
  return policies;
}
