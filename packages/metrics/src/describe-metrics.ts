import type { MetricDefinition } from "./metrics.ts";

/**
 * One line per metric, sorted by name: `name type {labels} [buckets] help`. A golden test compares it to a committed file, so a
 * renamed metric or label is seen in review and not on somebody's dashboard.
 *
 * @public
 */
export function describeMetrics(definitions: readonly MetricDefinition[]): string {
  const lines = definitions.map((definition) => {
    const labels = definition.labels === undefined ? "" : ` {${definition.labels.join(", ")}}`;
    const buckets = definition.buckets === undefined ? "" : ` [${definition.buckets.join(", ")}]`;
    return `${definition.name} ${definition.type}${labels}${buckets}: ${definition.help}\n`;
  });
  return lines.sort().join("");
}

/**
 * Why a definition cannot be used, or `undefined`.
 *
 * @internal
 */
export function problemOf(definition: MetricDefinition): string | undefined {
  const { type, name, help, labels = [], buckets } = definition;
  if (!/^[a-z][a-z0-9_]*$/.test(name)) return "a name has small letters, digits and underscores";
  if (type === "counter" && !name.endsWith("_total")) return "the name of a counter ends in _total";
  if (type !== "counter" && /_(?:total|bucket|sum|count)$/.test(name))
    return "this ending belongs to counters and histograms";
  if (help === "") return "help is missing";
  for (const [index, label] of labels.entries()) {
    if (!/^[a-z][a-z0-9_]*$/.test(label) || label === "le" || label === "quantile")
      return `label ${label} is not permitted`;
    if (labels.indexOf(label) !== index) return `label ${label} is named twice`;
  }
  if (type !== "histogram") return buckets === undefined ? undefined : "only histograms have buckets";
  if (buckets === undefined || buckets.length === 0) return "a histogram needs buckets";
  for (let index = 0; index < buckets.length; index++) {
    if (!Number.isFinite(buckets[index])) return "buckets are finite";
    if (index > 0 && buckets[index]! <= buckets[index - 1]!) return "buckets ascend";
  }
  return undefined;
}
