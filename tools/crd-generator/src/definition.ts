import { toCrdSchema, type JsonSchema, type Schema, type SchemaNode } from "@kinglet/lazy-schema";

import { applicationProfileSpec, containerProfileSpec, networkNeighborhoodSpec } from "./profile-schemas.ts";

/** A file of `deploy/crds`. */
export interface DefinitionFile {
  /** File name. */
  readonly name: string;
  /** Comment at its top, lines without `# `. */
  readonly comment: readonly string[];
  readonly definition: object;
}

const GROUP = "spdx.softwarecomposition.kubescape.io";

const COLUMNS = [
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
  ];
}

function definitionFile(options: {
  readonly kind: string;
  readonly shortName: string;
  readonly doc: string;
  readonly comment: readonly string[];
  readonly spec: Schema;
}): DefinitionFile {
  const { kind, shortName, doc, comment, spec } = options;
  const singular = kind.toLowerCase();
  const plural = `${singular}s`;
  const schema = {
    type: "object",
    description: doc,
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { type: "object" },
      spec: withNulls(spec, toCrdSchema(spec)),
      // Empty where it comes from: the life of a profile is told by annotations.
      status: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    },
  };
  return {
    name: `${plural}.yaml`,
    comment: [
      ...comment,
      `Same group, version and kind as Kubescape's, so existing objects keep working; do not install it where an aggregated API serves this group.`,
      "Made by tools/crd-generator: do not edit.",
    ],
    definition: {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: `${plural}.${GROUP}` },
      spec: {
        group: GROUP,
        scope: "Namespaced",
        names: { kind, listKind: `${kind}List`, plural, singular, shortNames: [shortName] },
        versions: [
          {
            name: "v1beta1",
            served: true,
            storage: true,
            subresources: { status: {} },
            additionalPrinterColumns: COLUMNS,
            schema: { openAPIV3Schema: schema },
          },
        ],
      },
    },
  };
}

/** Says of each optional field that it may be null: clients written in Go send that for an empty list. */
function withNulls(node: SchemaNode, schema: JsonSchema): JsonSchema {
  const nullable = node.optional === true ? { nullable: true } : {};
  if (node.kind === "object") {
    const rendered = schema["properties"] as Readonly<Record<string, JsonSchema>>;
    const properties = Object.fromEntries(
      Object.entries(node.fields).map(([key, field]) => [key, withNulls(field, rendered[key] ?? {})]),
    );
    return {
      ...schema,
      ...nullable,
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
