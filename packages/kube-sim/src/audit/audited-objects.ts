import { isJsonRecord, readPath, type JsonRecord, type KubeObject } from "../resources/kube-object.ts";
import type { RuledResource } from "../resources/kind-rules.ts";
import { applyDefaults } from "../writing/default-values.ts";

/**
 * What was sent, as the audit log shows it: decoded and with defaults, but without what the address alone says.
 *
 * @param text - the body; YAML counts as one that names no namespace.
 */
export function requestedObject(object: KubeObject, resource: RuledResource | undefined, text: string): JsonRecord {
  const shown = structuredClone(object);
  if (resource?.defaults !== undefined) applyDefaults(shown, resource.defaults);
  resource?.rules?.().default?.(shown);
  const { kind, apiVersion, metadata, ...rest } = shown;
  const { name, namespace, ...more } = metadata;
  return {
    kind,
    apiVersion,
    metadata: {
      ...(name === "" ? {} : { name }),
      ...(namesNamespace(text) ? { namespace } : {}),
      ...more,
    },
    ...rest,
  };
}

function namesNamespace(text: string): boolean {
  try {
    return readPath(JSON.parse(text), "metadata.namespace") !== undefined;
  } catch {
    // YAML: what it says of namespaces is in the address, too.
    return false;
  }
}

/** An object, or a list, without the owners of its fields. Changes `value`. */
export function withoutManagedFields(value: unknown): unknown {
  if (!isJsonRecord(value)) return value;
  if (isJsonRecord(value["metadata"])) delete value["metadata"]["managedFields"];
  if (Array.isArray(value["items"])) value["items"].forEach(withoutManagedFields);
  return value;
}
