import type { SchemaNode } from "@kinglet/lazy-schema";

import { tryParseBytes, tryParseDuration } from "./quantity.ts";

/**
 * Turns the text of a flag or variable into what the schema expects. Text that does not fit comes back unchanged, so that the
 * schema names it in its problem.
 */
export function parseText(node: SchemaNode, text: string): unknown {
  switch (node.kind) {
    case "string":
      return text;
    case "number":
    case "integer":
      return parseNumber(text, node.unit);
    case "boolean":
      return parseBoolean(text);
    case "enum":
      for (const literal of node.values) if (String(literal) === text) return literal;
      return text;
    case "array":
      if (isCompound(node.item)) return parseJson(text);
      return text === "" ? [] : text.split(",").map((item) => parseText(node.item, item.trim()));
    case "map":
      return isCompound(node.item) ? parseJson(text) : parsePairs(node.item, text);
    case "object":
    case "union":
    case "unknown":
      break;
  }
  return parseJson(text);
}

/** Files may say `30s` where a number with a unit is meant; everything else there has its own type already. */
export function parseFileValue(node: SchemaNode, value: unknown): unknown {
  const isQuantity =
    (node.kind === "number" || node.kind === "integer") && (node.unit === "ms" || node.unit === "bytes");
  return isQuantity && typeof value === "string" ? parseNumber(value, node.unit) : value;
}

function parseNumber(text: string, unit: string | undefined): unknown {
  if (unit === "ms") return tryParseDuration(text) ?? text;
  if (unit === "bytes") return tryParseBytes(text) ?? text;
  return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
}

function parseBoolean(text: string): unknown {
  if (/^(true|1|yes|on)$/i.test(text)) return true;
  return /^(false|0|no|off)$/i.test(text) ? false : text;
}

function parsePairs(item: SchemaNode, text: string): unknown {
  const pairs: Record<string, unknown> = {};
  for (const pair of text === "" ? [] : text.split(",")) {
    const equals = pair.indexOf("=");
    if (equals < 1) return text;
    // Defined, not assigned: an assignment to `__proto__` would vanish instead of being refused by the schema.
    const value = parseText(item, pair.slice(equals + 1).trim());
    Object.defineProperty(pairs, pair.slice(0, equals).trim(), {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return pairs;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the schema reports what it expected instead.
    return text;
  }
}

function isCompound(node: SchemaNode): boolean {
  return (
    node.kind === "array" ||
    node.kind === "map" ||
    node.kind === "object" ||
    node.kind === "union" ||
    node.kind === "unknown"
  );
}
