import { formatQuantity } from "./quantity.ts";
import { toEnvName, toFlagName, type Setting, type SettingsSchema } from "./setting.ts";

/**
 * Parts of a help text.
 *
 * @public
 */
export interface HelpOptions {
  /** First line, e.g. `kinglet sensor [flags]`. */
  readonly usage: string;
  /** What the program does, one paragraph. */
  readonly summary: string;
  /** Columns, 60 … 200. @defaultValue 100 */
  readonly width?: number;
  /** @defaultValue "KINGLET_" */
  readonly envPrefix?: string;
}

/**
 * Explains every setting: grouped, with default, range, unit and environment names, wrapped to the width.
 *
 * @returns text that ends with a line break.
 *
 * @public
 */
export function renderHelp(schema: SettingsSchema, options: HelpOptions): string {
  const { width = 100, envPrefix = "KINGLET_" } = options;
  const groups = new Map<string, string[]>();
  for (const [key, node] of Object.entries(schema)) {
    const group = node.group ?? "Settings";
    const entry = renderEntry(flagText(key, node), explain(key, node, envPrefix), width);
    const entries = groups.get(group);
    if (entries === undefined) groups.set(group, [entry]);
    else entries.push(entry);
  }
  const general = [
    renderEntry(
      "--config FILE",
      `YAML or JSON file with the same settings under their camelCase names. Environment: ${envPrefix}CONFIG.`,
      width,
    ),
    renderEntry(
      "--print-config",
      "Prints each value and where it came from, then ends. With --output json for programs.",
      width,
    ),
    renderEntry("--help", "Prints this text.", width),
  ];
  groups.set("General", [...(groups.get("General") ?? []), ...general]);
  const sections = [...groups].map(([group, entries]) => `${group}\n${entries.join("")}`);
  const head = [`Usage: ${options.usage}\n`, `${wrap(options.summary, width).join("\n")}\n`];
  const precedence = "Flags win over the environment, the environment over the file, the file over defaults.";
  return [...head, ...sections, `${wrap(precedence, width).join("\n")}\n`].join("\n");
}

function flagText(key: string, node: Setting): string {
  const name = toFlagName(key);
  return node.kind === "boolean" ? `--[no-]${name}` : `--${name} ${node.placeholder ?? placeholder(node)}`;
}

function placeholder(node: Setting): string {
  if (node.unit === "ms") return "DURATION";
  if (node.unit === "bytes") return "SIZE";
  if (node.kind === "enum") return node.values.join("|");
  if (node.kind === "array") return "A,B,...";
  if (node.kind === "map") return "K=V,...";
  return node.kind === "number" || node.kind === "integer" ? "N" : node.kind === "string" ? "TEXT" : "JSON";
}

function explain(key: string, node: Setting, envPrefix: string): string {
  const parts = node.doc === undefined ? [] : [node.doc.endsWith(".") ? node.doc : `${node.doc}.`];
  const range = rangeText(node);
  if (range !== "") parts.push(range);
  if (node.default !== undefined) parts.push(`Default: ${defaultText(node)}.`);
  else if (node.optional !== true) parts.push("Required.");
  const names = [toEnvName(key, envPrefix), ...(node.envAliases ?? [])];
  parts.push(`Environment: ${names.join(", ")}.`);
  return parts.join(" ");
}

function rangeText(node: Setting): string {
  if (node.kind !== "number" && node.kind !== "integer") return "";
  const { min, max, unit } = node;
  if (min !== undefined && max !== undefined)
    return `From ${formatQuantity(min, unit)} to ${formatQuantity(max, unit)}.`;
  if (min !== undefined) return `At least ${formatQuantity(min, unit)}.`;
  if (max !== undefined) return `At most ${formatQuantity(max, unit)}.`;
  return unit === undefined || unit === "ms" || unit === "bytes" ? "" : `In ${unit}.`;
}

function defaultText(node: Setting): string {
  const value = node.default;
  if (node.secret === true) return "not shown";
  if (typeof value === "number") return formatQuantity(value, node.unit);
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.join(",");
  return typeof value === "string" ? value || "empty" : JSON.stringify(value);
}

/** Flag on its own line when it is long, else beside the text. */
function renderEntry(flag: string, text: string, width: number): string {
  const indent = 28;
  const lines = wrap(text, width - indent).map((line) => " ".repeat(indent) + line);
  const head = `  ${flag}`;
  if (head.length > indent - 2) return `${[head, ...lines].join("\n")}\n`;
  const [first = "", ...rest] = lines;
  return `${[head.padEnd(indent) + first.slice(indent), ...rest].join("\n")}\n`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}
