import { isJsonRecord } from "../resources/kube-object.ts";
import type { LabelRequirement } from "../selectors/label-selector.ts";

const OPERATORS: ReadonlyMap<string, LabelRequirement["operator"]> = new Map([
  ["In", "in"],
  ["NotIn", "notin"],
  ["Exists", "exists"],
  ["DoesNotExist", "absent"],
]);

/**
 * A label selector as objects carry it (`matchLabels`, `matchExpressions`), as conditions that must all hold.
 *
 * @returns none for a selector that is absent or empty; such a selector takes everything.
 */
export function readObjectSelector(selector: unknown): LabelRequirement[] {
  if (!isJsonRecord(selector)) return [];
  const { matchLabels, matchExpressions } = selector;
  const requirements: LabelRequirement[] = [];
  if (isJsonRecord(matchLabels)) {
    for (const [key, value] of Object.entries(matchLabels)) {
      requirements.push({ key, operator: "in", values: [String(value)] });
    }
  }
  if (Array.isArray(matchExpressions)) {
    for (const expression of matchExpressions.filter(isJsonRecord)) {
      const operator = OPERATORS.get(String(expression["operator"]));
      const values = Array.isArray(expression["values"]) ? expression["values"].map(String) : [];
      if (operator !== undefined) requirements.push({ key: String(expression["key"]), operator, values });
    }
  }
  return requirements;
}
