import type { ArrayNode, EnumNode, ObjectNode, SchemaNode, StringNode } from "@kinglet/lazy-schema";

import { nearestName } from "../validation/nearest-name.ts";
import type { ProblemList } from "../validation/problem-list.ts";

/** Values looked at in one document; 1 MB of JSON has far fewer. */
const maxValues = 100_000;
/** No name of a field is longer by far. */
const maxGuessedLength = 64;

/**
 * Walks a value along a schema and reports whatever is not of it: types, names, unknown fields, upper bounds, broken Unicode.
 *
 * Lower bounds, patterns and required fields of lists are the rules' business, since they know better what to say. An object
 * without any field stands for an absent one: clients of the original wrote `deployment: {}` for exclusions without one.
 *
 * The walk follows the schema, not the value, so depth is bounded by the schema; work is bounded by {@link maxValues}.
 *
 * @internal
 */
export class SchemaReader {
  readonly #problems: ProblemList;
  #left = maxValues;

  constructor(problems: ProblemList) {
    this.#problems = problems;
  }

  /** The part of the value that is right; wrong members are absent, wrong items `undefined`. */
  read(node: SchemaNode, value: unknown, path: string): unknown {
    if (value === undefined || (value === null && node.optional === true)) {
      if (node.optional !== true) this.#shape(path, "is required", value);
      return undefined;
    }
    if (--this.#left < 0) return this.#tooMuch(path);
    switch (node.kind) {
      case "object":
        return this.#object(node, value, path);
      case "array":
        return this.#array(node, value, path);
      case "enum":
        return this.#name(node, value, path);
      case "string":
        return this.#text(node, value, path);
      case "boolean":
        return typeof value === "boolean" ? value : this.#shape(path, "must be true or false", value);
      case "number":
      case "integer":
      case "map":
      case "union":
      case "unknown":
        break;
    }
    // The schema of policies has no other kinds.
    return undefined;
  }

  #object(node: ObjectNode, value: unknown, path: string): unknown {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return this.#shape(path, "must be an object", value);
    }
    const given = value as Readonly<Record<string, unknown>>;
    const keys = Object.keys(given);
    const result: Record<string, unknown> = {};
    let isEmpty = node.optional === true;
    for (const key of keys) {
      if (this.#problems.isFull) return result;
      if (--this.#left < 0) return this.#tooMuch(path);
      if (Object.hasOwn(node.fields, key)) continue;
      isEmpty = false;
      this.#unknownField(node, `${path}.${key}`, key);
    }
    for (const key in node.fields) {
      const field = node.fields[key] as SchemaNode;
      const read = this.read(field, Object.hasOwn(given, key) ? given[key] : undefined, `${path}.${key}`);
      if (read !== undefined) result[key] = read;
    }
    return isEmpty && Object.keys(result).length === 0 ? undefined : result;
  }

  #array(node: ArrayNode, value: unknown, path: string): unknown {
    if (!Array.isArray(value)) return this.#shape(path, "must be a list", value);
    const max = node.max ?? Infinity;
    if (value.length > max) {
      this.#problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_LIMIT", path, `must have at most ${max} items`, { value });
      return undefined;
    }
    const items: unknown[] = [];
    for (let index = 0; index < value.length && !this.#problems.isFull && this.#left >= 0; index++) {
      items.push(this.read(node.item, value[index], `${path}[${index}]`));
    }
    return items;
  }

  #name(node: EnumNode, value: unknown, path: string): unknown {
    for (const name of node.values) if (name === value) return value;
    const permitted = node.values.map(String);
    this.#problems.error(
      "KINGLET_ERR_POLICY_ENGINE_POLICY_UNKNOWN_NAME",
      path,
      typeof value === "string" ? `must be one of ${permitted.join(", ")}` : "must be a text",
      { value, permitted },
    );
    return undefined;
  }

  #text(node: StringNode, value: unknown, path: string): unknown {
    if (typeof value !== "string") return this.#shape(path, "must be a text", value);
    const max = node.max ?? Infinity;
    if (value.length > max) {
      this.#problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_LIMIT", path, `must have at most ${max} characters`, {
        value,
      });
      return undefined;
    }
    if (!value.isWellFormed()) {
      this.#problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_VALUE", path, "holds half a surrogate pair", { value });
      return undefined;
    }
    return value;
  }

  #unknownField(node: ObjectNode, path: string, key: string): void {
    const permitted = Object.keys(node.fields);
    const near = key.length > maxGuessedLength ? undefined : nearestName(key, permitted);
    const hint = near === undefined ? "" : ` (did you mean ${near}?)`;
    this.#problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_UNKNOWN_FIELD", path, `is not a known field${hint}`, {
      permitted,
    });
  }

  #shape(path: string, message: string, value: unknown): undefined {
    this.#problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_SHAPE", path, message, { value });
  }

  #tooMuch(path: string): undefined {
    // Said once: the count stays below zero.
    if (this.#left !== -1) return;
    const message = `the policy holds more than ${maxValues} values`;
    this.#problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_LIMIT", path, message);
  }
}
