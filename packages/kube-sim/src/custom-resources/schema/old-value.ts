import { isDeepStrictEqual } from "node:util";
import { isJsonRecord } from "../../resources/kube-object.ts";
import { canonicalJson } from "./find-duplicates.ts";
import type { JsonSchema } from "./json-schema.ts";

/**
 * A value of the updated object beside the one it replaces, as far as the two can be told to be the same thing: members by name
 * unless the map is atomic, elements of a list-map by key, nothing else.
 */
export class OldValue {
  readonly old: unknown;
  readonly #value: unknown;
  readonly #schema: JsonSchema | undefined;
  #isUnchanged: boolean | undefined;
  #byKey: Map<string, unknown> | undefined;

  constructor(value: unknown, old: unknown, schema: JsonSchema | undefined) {
    this.#value = value;
    this.old = old;
    this.#schema = schema;
  }

  get isUnchanged(): boolean {
    this.#isUnchanged ??= isDeepStrictEqual(this.#value, this.old);
    return this.#isUnchanged;
  }

  /** The member of that name; undefined when the old object has none, or when the map is replaced as a whole. */
  member(name: string, schema: JsonSchema | undefined): OldValue | undefined {
    if (this.#schema?.["x-kubernetes-map-type"] === "atomic") return undefined;
    if (!isJsonRecord(this.old) || !Object.hasOwn(this.old, name) || !isJsonRecord(this.#value)) return undefined;
    return new OldValue(this.#value[name], this.old[name], schema);
  }

  /** The element of a list-map with the same key as the one at an index. */
  element(index: number, schema: JsonSchema | undefined): OldValue | undefined {
    const keys = this.#schema?.["x-kubernetes-list-map-keys"] ?? [];
    if (this.#schema?.["x-kubernetes-list-type"] !== "map" || !Array.isArray(this.old) || !Array.isArray(this.#value)) {
      return undefined;
    }
    this.#byKey ??= new Map(this.old.map((item) => [identityOf(item, keys), item]));
    const item: unknown = this.#value[index];
    const old = this.#byKey.get(identityOf(item, keys));
    return old === undefined ? undefined : new OldValue(item, old, schema);
  }
}

function identityOf(item: unknown, keys: readonly string[]): string {
  return canonicalJson(keys.map((key) => (isJsonRecord(item) ? item[key] : undefined)));
}
