import type { LoadedSettings } from "./load-settings.ts";
import { formatQuantity } from "./quantity.ts";
import type { Setting, SettingsSchema } from "./setting.ts";

/**
 * Shows each value and where it came from. Secrets print themselves redacted.
 *
 * @param schema - the schema the settings were loaded with.
 * @param settings - what to show.
 * @param format - "text": YAML with the origin as comment, which can be saved and used as a settings file; "json": an object of
 * `{ value, origin }` by key.
 * @returns text that ends with a line break.
 *
 * @public
 */
export function printConfig<S extends SettingsSchema>(
  schema: S,
  settings: Pick<LoadedSettings<S>, "values" | "origins">,
  format: "text" | "json" = "text",
): string {
  const values = settings.values as Readonly<Record<string, unknown>>;
  const origins = settings.origins as Readonly<Record<string, string>>;
  const keys = Object.keys(schema);
  if (format === "json") {
    const rows = keys.map((key) => [key, { value: values[key] ?? null, origin: origins[key] }]);
    return `${JSON.stringify(Object.fromEntries(rows), null, 2)}\n`;
  }
  const lines = keys.map((key) => [show(key, schema[key] as Setting, values[key]), origins[key]] as const);
  const width = Math.min(60, Math.max(0, ...lines.map(([text]) => text.length)));
  return lines.map(([text, origin]) => `${text.padEnd(width)}  # ${origin}\n`).join("");
}

function show(key: string, node: Setting, value: unknown): string {
  if (value === undefined) return `# ${key}:`;
  const isQuantity = typeof value === "number" && (node.unit === "ms" || node.unit === "bytes");
  return `${key}: ${isQuantity ? formatQuantity(value, node.unit) : JSON.stringify(value)}`;
}
