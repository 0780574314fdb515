import type { ResourceRegistry } from "./resource-registry.ts";
import type { ServedResource } from "./served-resource.ts";

/** Joins behaviour to a row that is there, which says how the resource is served; a row that is missing is added. */
export function joinResource(registry: ResourceRegistry, resource: ServedResource): void {
  const row = registry.find(resource.group, resource.version, resource.plural);
  const { handleCreate, rules, nameRule } = resource;
  const behaviour = {
    ...(handleCreate === undefined ? {} : { handleCreate }),
    ...(rules === undefined ? {} : { rules }),
    ...(nameRule === undefined ? {} : { nameRule }),
  };
  registry.add(row === undefined ? resource : { ...row, ...behaviour });
}
