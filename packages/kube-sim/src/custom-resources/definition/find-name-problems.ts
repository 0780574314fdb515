import { invalidField, keyPath, type FieldProblem } from "../schema/field-problem.ts";
import { labelProblem } from "../schema/label-problem.ts";
import type { DefinitionNames } from "./definition-spec.ts";

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
