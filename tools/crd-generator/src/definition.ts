import { toCrdSchema, type JsonSchema, type Schema, type SchemaNode } from "@kinglet/lazy-schema";
import { securityPolicySpecSchema } from "@kinglet/policy-engine/security-policy";

import { bindingSpec, rulesSpec } from "./rule-schemas.ts";
import { applicationProfileSpec, containerProfileSpec, networkNeighborhoodSpec } from "./profile-schemas.ts";

/** A file of `deploy/crds`. */
export interface DefinitionFile {
  /** File name. */
  readonly name: string;
  /** Comment at its top, lines without `# `. */
  readonly comment: readonly string[];
  readonly definition: object;
}

/** Where a kind is served, and what `kubectl get` shows of it. */
interface KindGroup {
  readonly group: string;
  readonly version: string;
  readonly columns: readonly object[];
  readonly status: object;
  /** Whose installations have the kind, and what to mind. */
  readonly origin: string;
}

const profileColumns = [
  {
    name: "Status",
    type: "string",
    description: "Where the profile is in its life; completed and too-large are final.",
    jsonPath: ".metadata.annotations['kubescape\\.io/status']",
  },
  {
    name: "Completion",
    type: "string",
    description: "Complete when the container was seen from its start, else partial.",
    jsonPath: ".metadata.annotations['kubescape\\.io/completion']",
  },
  { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
];

const profiles: KindGroup = {
  group: "spdx.softwarecomposition.kubescape.io",
  version: "v1beta1",
  columns: profileColumns,
  // Empty where it comes from: the life of a profile is told by annotations.
  status: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
  origin:
    "Same group, version and kind as Kubescape's, so existing objects keep working; do not install it where an aggregated API serves this group.",
};

/** One entry for each type, as every controller of Kubernetes keeps its conditions; reason and generation are missing where others wrote them. */
const conditions = {
  type: "array",
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["type"],
  maxItems: 64,
  items: {
    type: "object",
    required: ["type", "status"],
    properties: {
      type: { type: "string", maxLength: 316 },
      status: { type: "string", enum: ["True", "False", "Unknown"] },
      reason: { type: "string", maxLength: 1024 },
      message: { type: "string", maxLength: 32_768 },
      lastTransitionTime: { type: "string", format: "date-time" },
      observedGeneration: { type: "integer", format: "int64", minimum: 0 },
    },
  },
};

const reportedStatus = {
  type: "object",
  description: "What the config-controller found.",
  properties: {
    policyId: { type: "string", maxLength: 256, description: "Stays when the resource is renamed." },
    conditions,
    accepted: { type: "boolean", description: "Not used any more: see the conditions." },
    message: { type: "string", description: "Not used any more: see the conditions." },
  },
};

const conditionColumn = (name: string, type: string): object => ({
  name,
  type: "string",
  jsonPath: `.status.conditions[?(@.type=='${type}')].status`,
});

const policies: KindGroup = {
  group: "config.stackrox.io",
  version: "v1alpha1",
  columns: [
    { name: "Policy", type: "string", jsonPath: ".spec.policyName" },
    { name: "Severity", type: "string", jsonPath: ".spec.severity" },
    conditionColumn("Valid", "PolicyValidated"),
    conditionColumn("InForce", "AcceptedByCentral"),
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
  status: reportedStatus,
  origin: "Same group, version and kind as StackRox's, so existing policies keep working.",
};

const rules: KindGroup = {
  group: "kubescape.io",
  version: "v1",
  columns: [
    conditionColumn("Valid", "PolicyValidated"),
    conditionColumn("InForce", "AcceptedByCentral"),
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
  status: reportedStatus,
  origin: "Same group, version and kind as Kubescape's, so existing objects keep working.",
};

/** Every definition that the product brings. */
export function definitionFiles(): readonly DefinitionFile[] {
  return [
    definitionFile({
      kind: "ContainerProfile",
      shortName: "cprof",
      doc: "What one container does, as the set of everything it was seen doing or is allowed to do.",
      comment: ["What one container does: learned by the sensor, or written by hand."],
      spec: containerProfileSpec(),
    }),
    definitionFile({
      kind: "ApplicationProfile",
      shortName: "aprof",
      doc: "What the containers of a workload may do beyond what was learned: programs, files, system calls, endpoints.",
      comment: ["What the containers of a workload may do, written by hand; laid over what was learned."],
      spec: applicationProfileSpec(),
    }),
    definitionFile({
      kind: "NetworkNeighborhood",
      shortName: "nneigh",
      doc: "Whom the containers of a workload may talk to beyond what was learned.",
      comment: ["Whom the containers of a workload may talk to, written by hand; laid over what was learned."],
      spec: networkNeighborhoodSpec(),
    }),
    definitionFile({
      kind: "SecurityPolicy",
      plural: "securitypolicies",
      shortName: "sp",
      doc: "What workloads and what is done to them must not be, and what happens then.",
      comment: ["What the admission controller and the sensor hold against workloads."],
      spec: securityPolicySpecSchema(),
      served: policies,
    }),
    definitionFile({
      kind: "Rules",
      plural: "rules",
      singular: "rule",
      doc: "Rules by which the sensor judges what containers do.",
      comment: ["Rules by which the sensor judges what containers do."],
      spec: rulesSpec(),
      served: rules,
    }),
    definitionFile({
      kind: "RuntimeRuleAlertBinding",
      scope: "Cluster",
      shortName: "rab",
      doc: "Which rules hold for which pods.",
      comment: ["Which rules hold for which pods."],
      spec: bindingSpec(),
      entryRule: {
        list: "rules",
        rule: "[has(self.ruleID), has(self.ruleName), has(self.ruleTags)].filter(given, given).size() <= 1",
        message: "only one of ruleID, ruleName and ruleTags",
      },
      served: { ...rules, columns: [{ name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" }] },
    }),
  ];
}

function definitionFile(options: {
  readonly kind: string;
  readonly singular?: string;
  readonly plural?: string;
  readonly shortName?: string;
  readonly scope?: "Cluster" | "Namespaced";
  readonly doc: string;
  readonly comment: readonly string[];
  readonly spec: Schema;
  /** What each entry of a list of the spec must also be, in CEL. */
  readonly entryRule?: { readonly list: string; readonly rule: string; readonly message: string };
  readonly served?: KindGroup;
}): DefinitionFile {
  const { kind, shortName, doc, comment, spec, scope = "Namespaced", served = profiles, entryRule } = options;
  const { singular = kind.toLowerCase() } = options;
  const { plural = `${singular}s` } = options;
  const { group, version, columns, status, origin } = served;
  const schema = {
    type: "object",
    description: doc,
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { type: "object" },
      spec: withEntryRule(withNulls(spec, toCrdSchema(spec)), entryRule),
      status,
    },
  };
  return {
    name: `${plural}.yaml`,
    comment: [...comment, origin, "Made by tools/crd-generator: do not edit."],
    definition: {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        scope,
        names: {
          kind,
          listKind: `${kind}List`,
          plural,
          singular,
          ...(shortName === undefined ? {} : { shortNames: [shortName] }),
        },
        versions: [
          {
            name: version,
            served: true,
            storage: true,
            subresources: { status: {} },
            additionalPrinterColumns: columns,
            schema: { openAPIV3Schema: schema },
          },
        ],
      },
    },
  };
}

function withEntryRule(
  schema: JsonSchema,
  entryRule: { readonly list: string; readonly rule: string; readonly message: string } | undefined,
): JsonSchema {
  if (entryRule === undefined) return schema;
  const { list, rule, message } = entryRule;
  const properties = schema["properties"] as Readonly<Record<string, JsonSchema>>;
  const entries = properties[list] as JsonSchema;
  const items = { ...(entries["items"] as JsonSchema), "x-kubernetes-validations": [{ rule, message }] };
  return { ...schema, properties: { ...properties, [list]: { ...entries, items } } };
}

/** Says of each optional field that it may be null: clients written in Go send that for an empty list. */
function withNulls(node: SchemaNode, schema: JsonSchema): JsonSchema {
  const nullable = node.optional === true ? { nullable: true } : {};
  if (node.kind === "object") {
    // A member that nobody knows is kept: whoever reads the object says what is wrong with it, where the server would drop it without a word.
    const keeps = { "x-kubernetes-preserve-unknown-fields": true };
    const rendered = schema["properties"] as Readonly<Record<string, JsonSchema>>;
    const properties = Object.fromEntries(
      Object.entries(node.fields).map(([key, field]) => [key, withNulls(field, rendered[key] ?? {})]),
    );
    return {
      ...schema,
      ...nullable,
      ...keeps,
      ...(Object.keys(properties).length === 0 ? { properties: undefined } : { properties }),
    };
  }
  if (node.kind === "array")
    return { ...schema, ...nullable, items: withNulls(node.item, schema["items"] as JsonSchema) };
  if (node.kind === "map") {
    const additionalProperties = withNulls(node.item, schema["additionalProperties"] as JsonSchema);
    return { ...schema, ...nullable, additionalProperties };
  }
  return { ...schema, ...nullable };
}
