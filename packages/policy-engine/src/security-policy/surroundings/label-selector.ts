import { objectIn, objectsIn, stringMapIn, textIn, textsIn } from "../workload/json-reading.ts";

/**
 * Whether a label selector (`matchLabels`, `matchExpressions`) selects something with these labels. An empty selector selects
 * everything; an operator that does not exist selects nothing.
 *
 * @internal
 */
export function selects(selector: unknown, labels: ReadonlyMap<string, string>): boolean {
  const { matchLabels, matchExpressions } = objectIn(selector);
  for (const [key, value] of stringMapIn(matchLabels)) if (labels.get(key) !== value) return false;
  return objectsIn(matchExpressions).every((expression) => {
    const value = labels.get(textIn(expression["key"]));
    const values = textsIn(expression["values"]);
    switch (expression["operator"]) {
      case "In":
        return value !== undefined && values.includes(value);
      case "NotIn":
        return value === undefined || !values.includes(value);
      case "Exists":
        return value !== undefined;
      case "DoesNotExist":
        return value === undefined;
      default:
        return false;
    }
  });
}
