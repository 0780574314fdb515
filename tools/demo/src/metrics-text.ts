/**
 * Adds up all series of one metric in the Prometheus text format, by the value of one label.
 *
 * @returns label value → sum; without `label` everything is under "".
 *
 * @internal
 */
export function sumsByLabel(text: string, metric: string, label?: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (!line.startsWith(metric)) continue;
    const found = /^(?:\{(.*)\})? ([^ ]+)/.exec(line.slice(metric.length));
    if (found === null) continue;
    const [, labels = "", value] = found;
    const key = label === undefined ? "" : (new RegExp(`(?:^|,)${label}="([^"]*)"`).exec(labels)?.[1] ?? "");
    sums.set(key, (sums.get(key) ?? 0) + Number(value));
  }
  return sums;
}

/** The sum of all series of a metric; 0 when there is none. @internal */
export function sumOf(text: string, metric: string): number {
  return sumsByLabel(text, metric).get("") ?? 0;
}
