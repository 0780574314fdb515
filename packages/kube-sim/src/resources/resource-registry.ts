import { builtInResources } from "../kinds/resource-rows.ts";
import { apiVersionOf, qualifiedName } from "./sim-resource.ts";
import type { ServedResource } from "./served-resource.ts";

/**
 * Everything the simulator serves at the moment: built-in rows, the caller's extra rows, and what CustomResourceDefinitions added.
 */
export class ResourceRegistry {
  readonly #byPath = new Map<string, ServedResource>();

  constructor(extra: readonly ServedResource[]) {
    for (const resource of builtInResources()) this.add(resource);
    for (const resource of extra) this.add(resource);
  }

  /** Serves a resource from now on; replaces the row of the same group, version and plural. */
  add(resource: ServedResource): void {
    this.#byPath.set(`${apiVersionOf(resource)}/${resource.plural}`, resource);
  }

  /** Stops serving every version of a resource. */
  removeAll(group: string, plural: string): void {
    for (const [path, resource] of this.#byPath) {
      if (resource.group === group && resource.plural === plural) this.#byPath.delete(path);
    }
  }

  find(group: string, version: string, plural: string): ServedResource | undefined {
    return this.#byPath.get(`${group === "" ? version : `${group}/${version}`}/${plural}`);
  }

  findByKind(apiVersion: string, kind: string): ServedResource | undefined {
    for (const resource of this.#byPath.values()) {
      if (resource.kind === kind && apiVersionOf(resource) === apiVersion) return resource;
    }
    return undefined;
  }

  /** By `pods` or `deployments.apps`, first version served. */
  findByName(name: string): ServedResource | undefined {
    for (const resource of this.#byPath.values()) if (qualifiedName(resource) === name) return resource;
    return undefined;
  }

  hasGroup(group: string): boolean {
    for (const resource of this.#byPath.values()) if (resource.group === group) return true;
    return false;
  }

  /** A group that does not come from definitions alone: what is not found in it is refused by the API, not by its router. */
  hasBuiltInGroup(group: string): boolean {
    for (const resource of this.#byPath.values())
      if (resource.group === group && resource.isCustom !== true) return true;
    return false;
  }

  all(): IterableIterator<ServedResource> {
    return this.#byPath.values();
  }
}
