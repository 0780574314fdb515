import type { BoundObject, ProfileBinding } from "./profile-binding.ts";
import type { ProfileObjectKind } from "./profile-source.ts";
import { SourceObject } from "./source-object.ts";

/**
 * The objects that profiles are made of, each once, for as long as a profile is made of it.
 *
 * @internal
 */
export class BoundObjects {
  readonly #byKey = new Map<string, BoundObject>();
  readonly #onNew: () => void;

  constructor(onNew: () => void) {
    this.#onNew = onNew;
  }

  get size(): number {
    return this.#byKey.size;
  }

  values(): IterableIterator<BoundObject> {
    return this.#byKey.values();
  }

  find(kind: ProfileObjectKind, namespace: string, name: string): BoundObject | undefined {
    return this.#byKey.get(keyOf(kind, namespace, name));
  }

  /** The object of that name, which the binding is made of from now on. */
  use(binding: ProfileBinding, kind: ProfileObjectKind, name: string): BoundObject {
    const key = keyOf(kind, binding.namespace, name);
    let source = this.#byKey.get(key);
    if (source === undefined) {
      source = new SourceObject<ProfileBinding>(kind, binding.namespace, name);
      this.#byKey.set(key, source);
      this.#onNew();
    }
    source.bindings.push(binding);
    return source;
  }

  /**
   * The binding is made of it no more.
   *
   * @returns true when nobody is, and the object is gone.
   */
  release(source: BoundObject, binding: ProfileBinding): boolean {
    const at = source.bindings.indexOf(binding);
    if (at >= 0) source.bindings.splice(at, 1);
    if (source.bindings.length > 0) return false;
    this.#byKey.delete(keyOf(source.kind, source.namespace, source.name));
    return true;
  }
}

function keyOf(kind: ProfileObjectKind, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}
