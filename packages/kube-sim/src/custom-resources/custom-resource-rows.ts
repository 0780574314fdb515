import { isDeepStrictEqual } from "node:util";
import {
  recordAt,
  readDefinitionSpec,
  readNames,
  type DefinitionSpec,
  type DefinitionVersion,
} from "./definition/definition-spec.ts";
import type { KubeObject } from "../resources/kube-object.ts";
import { apiVersionOf, type StorageForm } from "../resources/sim-resource.ts";
import type { ServedResource } from "../resources/served-resource.ts";
import type { LoadCustomChecks } from "./custom-checks.ts";
import { CustomResourceRules } from "./custom-resource-rules.ts";
import { compareVersions } from "./compare-versions.ts";
import { printerColumns } from "./printer-columns.ts";
import { scaleSubresource } from "./scale-subresource.ts";

/** The resources that an established definition serves: one per served version, the preferred one first. */
export function customResourceRows(definition: KubeObject, loadChecks: LoadCustomChecks): ServedResource[] {
  const spec = readDefinitionSpec(definition);
  return spec.versions
    .filter((version) => version.served)
    .toSorted((left, right) => compareVersions(right.name, left.name))
    .map((version) => createRow(definition, spec, version, loadChecks));
}

function createRow(
  definition: KubeObject,
  spec: DefinitionSpec,
  version: DefinitionVersion,
  loadChecks: LoadCustomChecks,
): ServedResource {
  const names = readNames(recordAt(definition.status, "acceptedNames"));
  const address = { group: spec.group, version: version.name };
  const rules = new CustomResourceRules({ ...address, kind: names.kind }, version, loadChecks);
  return {
    ...address,
    plural: names.plural,
    singular: names.singular,
    kind: names.kind,
    namespaced: spec.scope === "Namespaced",
    shortNames: names.shortNames,
    categories: names.categories,
    isCustom: true,
    hasStatus: version.hasStatus,
    hasGeneration: true,
    fieldSelectors: Object.fromEntries(version.selectableFields.map((path) => [path.replace(/^\./, ""), ""])),
    ...(version.schema === undefined ? {} : { statedSchema: version.schema }),
    columns: printerColumns(version.columns),
    subresources: version.scale === undefined ? {} : { scale: scaleSubresource(version.scale) },
    rules: () => rules,
    findUnknownFields: (object) => rules.findUnknownFields(object),
    storage: createStorage(spec, version, rules, loadChecks),
    ...(version.deprecated ? { deprecationWarning: version.deprecationWarning ?? deprecationText(spec, version) } : {}),
  };
}

/** Versions differ in nothing but their name: what is read has the defaults of the stored version and no fields the asked one lacks. */
function createStorage(
  spec: DefinitionSpec,
  version: DefinitionVersion,
  rules: CustomResourceRules,
  loadChecks: LoadCustomChecks,
): StorageForm {
  const stored = spec.versions.find((candidate) => candidate.storage) ?? version;
  const apiVersion = apiVersionOf({ group: spec.group, version: version.name });
  const storedVersion = apiVersionOf({ group: spec.group, version: stored.name });
  const address = { group: spec.group, version: stored.name, kind: spec.names.kind };
  const storedRules = stored === version ? rules : new CustomResourceRules(address, stored, loadChecks);
  // Most objects need nothing: they are looked at once for every version they are read in.
  const served = new WeakMap<KubeObject, KubeObject>();
  return {
    group: spec.group,
    version: stored.name,
    plural: spec.names.plural,
    toStored: (object) => (object.apiVersion === storedVersion ? object : { ...object, apiVersion: storedVersion }),
    fromStored: (object) => {
      const known = served.get(object);
      if (known !== undefined) return known;
      const shown = structuredClone(object);
      storedRules.default(shown);
      shown.apiVersion = apiVersion;
      if (apiVersion !== storedVersion) rules.prune(shown);
      const result = isDeepStrictEqual(shown, object) ? object : shown;
      served.set(object, result);
      return result;
    },
  };
}

function deprecationText({ group, names, versions }: DefinitionSpec, version: DefinitionVersion): string {
  const better = versions
    .filter((other) => other.served && !other.deprecated && compareVersions(version.name, other.name) < 0)
    .map((other) => other.name)
    .sort((left, right) => compareVersions(right, left))[0];
  const text = `${group}/${version.name} ${names.kind} is deprecated`;
  return better === undefined ? text : `${text}; use ${group}/${better} ${names.kind}`;
}
