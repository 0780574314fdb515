import { joinPath } from "./describe-problem.ts";
import type { SchemaNode } from "./schema.ts";
import { validate, type Problem } from "./validate.ts";

/**
 * Looks for mistakes in a schema itself: defaults that it would refuse, limits that exclude everything, patterns with flags,
 * variants that declare their discriminator.
 *
 * Schemas are built on first use, so a mistake would surface late; call this for every schema in a test.
 *
 * @returns the mistakes, none for a sound schema.
 *
 * @public
 */
export function checkDefinition(schema: SchemaNode): readonly Problem[] {
  const problems: Problem[] = [];
  visit(schema, "", problems);
  return problems;
}

function visit(node: SchemaNode, path: string, problems: Problem[]): void {
  const add = (message: string): void => void problems.push({ path, message });
  if (node.default !== undefined) {
    const result = validate(node, node.default);
    if (!result.ok) {
      for (const problem of result.problems)
        add(`the default is refused: ${problem.path} ${problem.message}`.replace("  ", " "));
    }
    if (node.optional === true) add("a field with a default is never absent; leave out optional");
  }
  if ("min" in node && "max" in node && (node.min ?? 0) > (node.max ?? 0))
    add(`min ${node.min} is above max ${node.max}`);
  // "g" and "y" carry state from one match to the next, and JSON Schema knows no flags at all.
  if ("pattern" in node && node.pattern !== undefined && node.pattern.flags !== "")
    add("the pattern must have no flags");
  if (node.kind === "enum" && node.values.length === 0) add("an enumeration needs values");
  if (node.kind === "array" || node.kind === "map") visit(node.item, `${path}[]`, problems);
  if (node.kind === "object") {
    for (const [key, field] of Object.entries(node.fields)) visit(field, joinPath(path, key), problems);
  }
  if (node.kind !== "union") return;
  for (const [tag, variant] of Object.entries(node.variants)) {
    const where = `${path}<${tag}>`;
    if (Object.hasOwn(variant.fields, node.discriminator)) {
      problems.push({ path: where, message: `a variant must not declare ${node.discriminator} itself` });
    }
    visit(variant, where, problems);
  }
}
