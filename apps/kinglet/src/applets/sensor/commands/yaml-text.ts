import { stringify } from "yaml";

/** A document as YAML for people and kubectl. @internal */
export function toYaml(document: unknown): string {
  return stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 });
}
