import type { CelLibrary } from "./cel-library.ts";
import { isMacroCall, type MacroCall } from "./cel-macros.ts";
import { operatorResult } from "./cel-operators.ts";
import type { CelIssue, CelNode } from "./cel-syntax.ts";
import {
  bindType,
  isAssignable,
  sizeOf,
  typeName,
  type Bindings,
  type CelScope,
  type CelType,
  type CheckedExpression,
} from "./cel-type.ts";

const DYN: CelType = { kind: "dyn" };
const BOOL: CelType = { kind: "bool" };
const TYPE_NAMES: Readonly<Record<string, true>> = {
  int: true,
  uint: true,
  double: true,
  bool: true,
  string: true,
  bytes: true,
  list: true,
  map: true,
  null_type: true,
  type: true,
  dyn: true,
};

/**
 * Types and costs of an expression, with every independent problem, as the API's own checker finds them.
 *
 * A part with a problem counts as `dyn`, so that one mistake is reported once.
 */
export class CelChecker {
  readonly issues: CelIssue[] = [];
  /** Variables that were used. */
  readonly used: Set<string> = new Set();
  readonly #library: CelLibrary;

  constructor(library: CelLibrary) {
    this.#library = library;
  }

  check(node: CelNode, scope: CelScope): CheckedExpression {
    switch (node.op) {
      case "value":
        return literal(node.args);
      case "id":
        return this.#identifier(node, scope);
      case ".":
      case ".?":
        return this.#selection(node, scope);
      case "[]":
      case "[?]":
        return this.#index(node, scope);
      case "call":
      case "rcall":
        return this.#call(node, scope);
      case "list":
        return this.#list(node, scope);
      case "map":
        return this.#map(node, scope);
      case "?:":
        return this.#condition(node, scope);
      case "!_":
      case "-_":
        return this.#unary(node, scope);
      default:
        return this.#binary(node, scope);
    }
  }

  /** Notes a problem. @returns what the part counts as from here on */
  fail(node: CelNode, message: string, cost = 0): CheckedExpression {
    this.issues.push({ message, position: markedPosition(node) });
    return { type: DYN, cost, size: Number.POSITIVE_INFINITY };
  }

  #identifier(node: CelNode, scope: CelScope): CheckedExpression {
    const name = String(node.args);
    const type = scope.get(name);
    if (type !== undefined) {
      this.used.add(name);
      return { type, cost: 1, size: sizeOf(type) };
    }
    if (Object.hasOwn(TYPE_NAMES, name)) return { type: { kind: "type" }, cost: 1, size: 1 };
    return this.fail(node, `undeclared reference to '${name}' (in container '')`);
  }

  #selection(node: CelNode, scope: CelScope): CheckedExpression {
    const [operand, name] = node.args as [CelNode, string];
    const isOptional = node.op === ".?";
    const base = this.check(operand, scope);
    const lifted = base.type.kind === "optional";
    const type = base.type.kind === "optional" ? base.type.value : base.type;
    const cost = base.cost + (type.kind === "map" || type.kind === "object" || type.kind === "dyn" ? 1 : 0);
    const wrap = (found: CelType): CheckedExpression => {
      const result: CelType = isOptional || lifted ? { kind: "optional", value: found } : found;
      return { type: result, cost, size: sizeOf(found) };
    };
    if (type.kind === "dyn") return wrap(DYN);
    if (type.kind === "map") return wrap(type.value);
    if (type.kind === "object") {
      const field = type.fields.get(name);
      return field === undefined ? this.fail(node, `undefined field '${name}'`, cost) : wrap(field);
    }
    return this.fail(node, `type '${typeName(type)}' does not support field selection`, cost);
  }

  #index(node: CelNode, scope: CelScope): CheckedExpression {
    const [operand, position] = node.args as [CelNode, CelNode];
    const base = this.check(operand, scope);
    const at = this.check(position, scope);
    const type = base.type.kind === "optional" ? base.type.value : base.type;
    const cost = base.cost + at.cost + 1;
    const found = indexedType(type, at.type);
    if (found === undefined) return this.fail(node, noOverload("_[_]", [base.type, at.type]), cost);
    const isOptional = node.op === "[?]" || base.type.kind === "optional";
    return { type: isOptional ? { kind: "optional", value: found } : found, cost, size: sizeOf(found) };
  }

  #list(node: CelNode, scope: CelScope): CheckedExpression {
    const items = (node.args as CelNode[]).map((item) => this.check(item, scope));
    const element = this.#commonType(node.args as CelNode[], items);
    const cost = items.reduce((sum, item) => sum + item.cost, 10);
    return { type: { kind: "list", element, maxSize: items.length }, cost, size: items.length };
  }

  #map(node: CelNode, scope: CelScope): CheckedExpression {
    const entries = node.args as (readonly [CelNode, CelNode])[];
    const keys = entries.map(([key]) => this.check(key, scope));
    const values = entries.map(([, value]) => this.check(value, scope));
    const key = this.#commonType(
      entries.map(([part]) => part),
      keys,
    );
    const value = this.#commonType(
      entries.map(([, part]) => part),
      values,
    );
    const cost = [...keys, ...values].reduce((sum, part) => sum + part.cost, 30);
    return { type: { kind: "map", key, value, maxSize: entries.length }, cost, size: entries.length };
  }

  /** Literals hold values of one type. */
  #commonType(nodes: readonly CelNode[], parts: readonly CheckedExpression[]): CelType {
    let common: CelType = { kind: "param", name: "T" };
    parts.forEach((part, index) => {
      const node = nodes[index];
      if (common.kind === "param") common = part.type;
      else if (isAssignable(common, part.type, new Map())) return;
      else if (isAssignable(part.type, common, new Map())) common = part.type;
      else if (node !== undefined)
        this.fail(node, `expected type '${typeName(common)}' but found '${typeName(part.type)}'`);
    });
    return common;
  }

  #condition(node: CelNode, scope: CelScope): CheckedExpression {
    const [test, yes, no] = (node.args as CelNode[]).map((part) => this.check(part, scope)) as [
      CheckedExpression,
      CheckedExpression,
      CheckedExpression,
    ];
    const cost = test.cost + Math.max(yes.cost, no.cost);
    const isBool = test.type.kind === "bool" || test.type.kind === "dyn";
    const forward = isAssignable(yes.type, no.type, new Map());
    if (!isBool || (!forward && !isAssignable(no.type, yes.type, new Map()))) {
      return this.fail(node, noOverload("_?_:_", [test.type, yes.type, no.type]), cost);
    }
    return { type: forward ? yes.type : no.type, cost, size: Math.max(yes.size, no.size) };
  }

  #unary(node: CelNode, scope: CelScope): CheckedExpression {
    const operand = this.check(node.args as CelNode, scope);
    const { kind } = operand.type;
    const isFine = kind === "dyn" || (node.op === "!_" ? kind === "bool" : kind === "int" || kind === "double");
    if (!isFine) return this.fail(node, noOverload(node.op, [operand.type]), operand.cost + 1);
    // The sign of a number is part of the literal.
    const isLiteral = node.op === "-_" && (node.args as CelNode).op === "value";
    return { type: operand.type, cost: operand.cost + (isLiteral ? 0 : 1), size: operand.size };
  }

  #binary(node: CelNode, scope: CelScope): CheckedExpression {
    const [left, right] = (node.args as CelNode[]).map((part) => this.check(part, scope)) as [
      CheckedExpression,
      CheckedExpression,
    ];
    const sum = left.cost + right.cost;
    const smaller = Math.max(1, Math.ceil(Math.min(left.size, right.size) * 0.1));
    switch (node.op) {
      case "||":
      case "&&":
        if (isBoolean(left.type) && isBoolean(right.type)) return { type: BOOL, cost: sum, size: 1 };
        return this.fail(node, noOverload(`_${node.op}_`, [left.type, right.type]), sum);
      case "==":
      case "!=":
        if (isAssignable(left.type, right.type, new Map()) || isAssignable(right.type, left.type, new Map())) {
          return { type: BOOL, cost: sum + smaller, size: 1 };
        }
        return this.fail(node, noOverload(`_${node.op}_`, [left.type, right.type]), sum);
      case "in":
        return this.#membership(node, left, right);
      default: {
        const isList = node.op === "+" && left.type.kind === "list" && right.type.kind === "list";
        const fits =
          isList && (isAssignable(left.type, right.type, new Map()) || isAssignable(right.type, left.type, new Map()));
        const type = fits ? left.type : operatorResult(node.op, left.type, right.type);
        if (type === undefined) return this.fail(node, noOverload(`_${node.op}_`, [left.type, right.type]), sum + 1);
        const isText = type.kind === "string" || type.kind === "bytes" || left.type.kind === "string";
        const size = node.op === "+" ? left.size + right.size : 1;
        const own = isText && node.op === "+" ? Math.ceil(size * 0.1) : isText ? smaller : 1;
        return { type, cost: sum + own, size };
      }
    }
  }

  #membership(node: CelNode, item: CheckedExpression, list: CheckedExpression): CheckedExpression {
    const { type } = list;
    const sum = item.cost + list.cost;
    const element = type.kind === "list" ? type.element : type.kind === "map" ? type.key : undefined;
    const fits =
      type.kind === "dyn" ||
      (element !== undefined &&
        (isAssignable(element, item.type, new Map()) || isAssignable(item.type, element, new Map())));
    if (!fits) return this.fail(node, noOverload("@in", [item.type, list.type]), sum + 1);
    return { type: BOOL, cost: sum + (type.kind === "list" ? list.size : 1), size: 1 };
  }

  #call(node: CelNode, scope: CelScope): CheckedExpression {
    const macro = isMacroCall(node);
    if (macro !== undefined) return this.#macro(node, macro, scope);
    const isMember = node.op === "rcall";
    const [name, ...rest] = node.args as [string, ...unknown[]];
    const receiver = isMember ? (rest[0] as CelNode) : undefined;
    const parameters = (isMember ? rest[1] : rest[0]) as CelNode[];
    const qualified =
      receiver?.op === "id" && !scope.has(String(receiver.args)) ? `${String(receiver.args)}.${name}` : "";
    const named = qualified === "" ? [] : this.#library.overloads(qualified, false);
    const isFunction = named.length > 0 || !isMember;
    const overloads = named.length > 0 ? named : this.#library.overloads(name, isMember);
    const given = [...(isFunction || receiver === undefined ? [] : [receiver]), ...parameters].map((part) =>
      this.check(part, scope),
    );
    const cost = given.reduce((sum, part) => sum + part.cost, 0);
    const shown = named.length > 0 ? qualified : name;
    if (overloads.length === 0) return this.fail(node, `undeclared reference to '${shown}' (in container '')`, cost);
    const sizes = given.map((part) => part.size);
    let result: CelType | undefined;
    let own = 0;
    let size = Number.POSITIVE_INFINITY;
    for (const overload of overloads) {
      const bindings: Bindings = new Map();
      const fits =
        overload.parameters.length === given.length &&
        overload.parameters.every((parameter, index) => isAssignable(parameter, given[index]?.type ?? DYN, bindings));
      if (!fits) continue;
      const type = bindType(overload.result, bindings);
      result = result === undefined || typeName(result) === typeName(type) ? type : DYN;
      own = Math.max(own, overload.cost(sizes));
      size = overload.resultSize?.(sizes) ?? Math.min(size, sizeOf(type));
    }
    if (result !== undefined) return { type: result, cost: cost + own, size };
    const types = given.map((part) => part.type);
    const text = isFunction || receiver === undefined ? noOverload(shown, types) : memberOverload(shown, types);
    return this.fail(node, text, cost + 1);
  }

  #macro(node: CelNode, macro: MacroCall, scope: CelScope): CheckedExpression {
    return macro.check({ node, scope, checker: this });
  }
}

function literal(value: unknown): CheckedExpression {
  const of = (kind: "int" | "uint" | "double" | "bool" | "null"): CheckedExpression => ({
    type: { kind },
    cost: 0,
    size: 1,
  });
  if (typeof value === "string")
    return { type: { kind: "string", maxSize: value.length }, cost: 0, size: value.length };
  if (value instanceof Uint8Array)
    return { type: { kind: "bytes", maxSize: value.length }, cost: 0, size: value.length };
  if (typeof value === "bigint") return of("int");
  if (typeof value === "number") return of("double");
  if (typeof value === "boolean") return of("bool");
  return of(value === null ? "null" : "uint");
}

function indexedType(type: CelType, at: CelType): CelType | undefined {
  if (type.kind === "dyn") return DYN;
  if (type.kind === "list") return at.kind === "int" || at.kind === "dyn" ? type.element : undefined;
  if (type.kind !== "map") return undefined;
  return isAssignable(type.key, at, new Map()) ? type.value : undefined;
}

/** Where the API's marks stand: at the operator, the dot or the parenthesis, not at the beginning of the part. */
function markedPosition(node: CelNode): number {
  const from = (part: unknown, text: string): number => {
    const at = node.input.indexOf(text, (part as CelNode).end);
    return at < 0 || at >= node.end ? node.pos : at;
  };
  const parts = Array.isArray(node.args) ? (node.args as readonly unknown[]) : [];
  switch (node.op) {
    case "value":
    case "id":
    case "list":
    case "map":
    case "!_":
    case "-_":
      return node.pos;
    case ".":
    case ".?":
      return from(parts[0], ".");
    case "[]":
    case "[?]":
      return from(parts[0], "[");
    case "call": {
      const at = node.input.indexOf("(", node.start);
      return at < 0 ? node.pos : at;
    }
    case "rcall":
      return from(parts[1], "(");
    case "?:":
      return from(parts[0], "?");
    default:
      return from(parts[0], node.op);
  }
}

function isBoolean(type: CelType): boolean {
  return type.kind === "bool" || type.kind === "dyn";
}

function noOverload(name: string, types: readonly CelType[]): string {
  return `found no matching overload for '${name}' applied to '(${types.map(typeName).join(", ")})'`;
}

function memberOverload(name: string, [receiver = DYN, ...types]: readonly CelType[]): string {
  return `found no matching overload for '${name}' applied to '${typeName(receiver)}.(${types.map(typeName).join(", ")})'`;
}
