import { invalidField, keyPath, type FieldProblem } from "../schema/field-problem.ts";
import type { DefinitionNames } from "./definition-spec.ts";

const LABEL_TEXT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with " +
  "an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

/** Names that cannot stand in a URL, and a kind that is called like its list. Empty names are fine here. */
export function findNameProblems(names: DefinitionNames, path: string): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const check = (field: string, name: string): void => {
    const why = labelProblem(name);
    if (name !== "" && why !== undefined) problems.push(invalidField(field, name, why));
  };
  const checkKind = (field: string, kind: string): void => {
    const why = labelProblem(kind.toLowerCase());
    if (kind === "" || why === undefined) return;
    problems.push(invalidField(field, kind, `may have mixed case, but should otherwise match: ${why}`));
  };
  check(`${path}.plural`, names.plural);
  check(`${path}.singular`, names.singular);
  checkKind(`${path}.kind`, names.kind);
  checkKind(`${path}.listKind`, names.listKind);
  const checkAll = (field: string, list: readonly string[]): void =>
    list.forEach((name, index) => {
      const why = labelProblem(name);
      if (why !== undefined) problems.push(invalidField(keyPath(field, index), name, why));
    });
  checkAll(`${path}.shortNames`, names.shortNames);
  if (names.kind !== "" && names.kind === names.listKind) {
    problems.push(invalidField(`${path}.listKind`, names.listKind, "kind and listKind may not be the same"));
  }
  checkAll(`${path}.categories`, names.categories);
  return problems;
}

/** Why a name is no DNS-1035 label; undefined when it is one. */
export function labelProblem(name: string): string | undefined {
  if (name.length > 63) return "must be no more than 63 bytes";
  return /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name) ? undefined : LABEL_TEXT;
}
