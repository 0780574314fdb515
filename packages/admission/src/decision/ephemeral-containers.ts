import { isRecord, listAt, recordAt } from "../review/loose-json.ts";

/**
 * The pod as if it had no containers but the ephemeral ones that an update adds or changes, so that nothing the pod had before is held against whoever debugs it.
 *
 * One API server wrote both objects, in one order of members; an entry in another order would only be judged once more. Linear in the size of both.
 *
 * @param object - the pod with them; returned as it is when it is none.
 * @param oldObject - the stored pod; when there is none, all count as added.
 *
 * @internal
 */
export function withNewEphemeralContainers(object: unknown, oldObject: unknown): unknown {
  const spec = recordAt(object, "spec");
  if (!isRecord(object) || spec === undefined) return object;
  const before = new Set(
    listAt(recordAt(oldObject, "spec"), "ephemeralContainers").map((entry) => JSON.stringify(entry)),
  );
  const ephemeralContainers = listAt(spec, "ephemeralContainers").filter((entry) => !before.has(JSON.stringify(entry)));
  return { ...object, spec: { ...spec, containers: [], initContainers: [], ephemeralContainers } };
}
