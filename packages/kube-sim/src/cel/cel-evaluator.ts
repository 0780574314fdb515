import { sizeOfValue } from "./cel-core-functions.ts";
import type { CelLibrary } from "./cel-library.ts";
import { isMacroCall } from "./cel-macros.ts";
import { applyOperator } from "./cel-operators.ts";
import { typeOfValue, valueMatches, type CelOverload, type CelRuntime } from "./cel-overload.ts";
import type { CelNode } from "./cel-syntax.ts";
import {
  CelCostExceeded,
  CelFault,
  CelOptional,
  CelTypeValue,
  CelUint,
  celEquals,
  type CelVariables,
} from "./cel-values.ts";

/**
 * Runs expressions that have been checked. Counts what they cost, and stops them at the limit.
 */
export class CelEvaluator {
  readonly #library: CelLibrary;
  readonly #runtime: CelRuntime;
  #left = 0;

  constructor(library: CelLibrary, runtime: CelRuntime) {
    this.#library = library;
    this.#runtime = runtime;
  }

  /**
   * @returns the value, and what is left of the budget
   * @throws CelFault when the expression fails, CelCostExceeded when the budget is used up
   */
  run(node: CelNode, variables: CelVariables, budget: number): { readonly value: unknown; readonly cost: number } {
    this.#left = budget;
    const value = this.evaluate(node, variables);
    return { value, cost: budget - this.#left };
  }

  /** Takes units from the budget. */
  spend(units: number): void {
    this.#left -= units;
    if (this.#left < 0) throw new CelCostExceeded("operation cancelled: actual cost limit exceeded");
  }

  evaluate(node: CelNode, variables: CelVariables): unknown {
    switch (node.op) {
      case "value":
        return literalValue(node.args);
      case "id":
        return this.#identifier(String(node.args), variables);
      case ".":
      case ".?":
        return this.#selection(node, variables);
      case "[]":
      case "[?]":
        return this.#index(node, variables);
      case "call":
      case "rcall":
        return this.#call(node, variables);
      case "list":
        this.spend(10);
        return (node.args as CelNode[]).map((item) => this.evaluate(item, variables));
      case "map":
        this.spend(30);
        return new Map(
          (node.args as [CelNode, CelNode][]).map(([key, value]) => [
            this.evaluate(key, variables),
            this.evaluate(value, variables),
          ]),
        );
      case "?:":
        return this.#condition(node, variables);
      case "&&":
        return this.#junction(node, variables, false);
      case "||":
        return this.#junction(node, variables, true);
      case "!_":
        return !asBool(this.evaluate(node.args as CelNode, variables));
      case "-_":
        return this.#negation(node, variables);
      default:
        return this.#binary(node, variables);
    }
  }

  #identifier(name: string, variables: CelVariables): unknown {
    this.spend(1);
    if (variables.has(name)) return variables.get(name);
    return new CelTypeValue(name);
  }

  #selection(node: CelNode, variables: CelVariables): unknown {
    const [operand, name] = node.args as [CelNode, string];
    const base = this.evaluate(operand, variables);
    this.spend(1);
    if (base instanceof CelOptional) {
      if (!base.isPresent) return base;
      const inner = base.value;
      return inner instanceof Map && inner.has(name) ? new CelOptional(true, inner.get(name)) : new CelOptional(false);
    }
    const isFound = base instanceof Map && base.has(name);
    if (node.op === ".?") return isFound ? new CelOptional(true, base.get(name)) : new CelOptional(false);
    if (!(base instanceof Map)) throw new CelFault("no such overload");
    if (!isFound) throw new CelFault(`no such key: ${name}`);
    return base.get(name);
  }

  #index(node: CelNode, variables: CelVariables): unknown {
    const [operand, position] = node.args as [CelNode, CelNode];
    const outer = this.evaluate(operand, variables);
    const at = this.evaluate(position, variables);
    this.spend(1);
    const isOptional = node.op === "[?]" || outer instanceof CelOptional;
    if (outer instanceof CelOptional && !outer.isPresent) return outer;
    const base = outer instanceof CelOptional ? outer.value : outer;
    const found = lookUp(base, at);
    if (isOptional) return found === undefined ? new CelOptional(false) : new CelOptional(true, found.value);
    if (found !== undefined) return found.value;
    throw new CelFault(Array.isArray(base) ? `index out of bounds: ${String(at)}` : `no such key: ${String(at)}`);
  }

  #condition(node: CelNode, variables: CelVariables): unknown {
    const [test, yes, no] = node.args as [CelNode, CelNode, CelNode];
    return this.evaluate(asBool(this.evaluate(test, variables)) ? yes : no, variables);
  }

  /** `||` and `&&`: one side that decides makes up for an error of the other. */
  #junction(node: CelNode, variables: CelVariables, deciding: boolean): boolean {
    const [left, right] = node.args as [CelNode, CelNode];
    let fault: CelFault | undefined;
    try {
      if (asBool(this.evaluate(left, variables)) === deciding) return deciding;
    } catch (error) {
      if (!(error instanceof CelFault)) throw error;
      fault = error;
    }
    if (asBool(this.evaluate(right, variables)) === deciding) return deciding;
    if (fault !== undefined) throw fault;
    return !deciding;
  }

  #negation(node: CelNode, variables: CelVariables): unknown {
    const value = this.evaluate(node.args as CelNode, variables);
    if (typeof value === "bigint") return applyOperator("-", 0n, value);
    if (typeof value === "number") return -value;
    throw new CelFault("no such overload");
  }

  #binary(node: CelNode, variables: CelVariables): unknown {
    const [first, second] = node.args as [CelNode, CelNode];
    const left = this.evaluate(first, variables);
    const right = this.evaluate(second, variables);
    if (node.op === "==" || node.op === "!=") {
      this.spend(Math.max(1, Math.ceil(Math.min(deepSize(left), deepSize(right)) * 0.1)));
      return celEquals(left, right) === (node.op === "==");
    }
    if (node.op === "in") return this.#membership(left, right);
    const isText = typeof left === "string" || Array.isArray(left);
    this.spend(isText ? Math.max(1, Math.ceil((sizeOfValue(left) + sizeOfValue(right)) * 0.1)) : 1);
    return applyOperator(node.op, left, right);
  }

  #membership(item: unknown, container: unknown): boolean {
    if (container instanceof Map) {
      this.spend(1);
      return lookUp(container, item) !== undefined;
    }
    if (!Array.isArray(container)) throw new CelFault("no such overload");
    this.spend(Math.max(1, container.length));
    return container.some((other) => celEquals(other, item));
  }

  #call(node: CelNode, variables: CelVariables): unknown {
    const macro = isMacroCall(node);
    if (macro !== undefined) return macro.run({ node, variables, evaluator: this });
    const isMember = node.op === "rcall";
    const [name, ...rest] = node.args as [string, ...unknown[]];
    const receiver = isMember ? (rest[0] as CelNode) : undefined;
    const parameters = (isMember ? rest[1] : rest[0]) as CelNode[];
    const isNameSpace = receiver?.op === "id" && !variables.has(String(receiver.args));
    const named = isNameSpace ? this.#library.overloads(`${String(receiver.args)}.${name}`, false) : [];
    const overloads = named.length > 0 ? named : this.#library.overloads(name, isMember);
    const nodes = named.length > 0 || receiver === undefined ? parameters : [receiver, ...parameters];
    const values = nodes.map((part) => this.evaluate(part, variables));
    const overload = choose(overloads, values);
    if (overload === undefined) {
      throw new CelFault(`no such overload: ${name}(${values.map(typeOfValue).join(", ")})`);
    }
    this.spend(Math.max(1, overload.cost(values.map(sizeOfValue))));
    return overload.call(values, this.#runtime);
  }
}

function choose(overloads: readonly CelOverload[], values: readonly unknown[]): CelOverload | undefined {
  return overloads.find(
    ({ parameters }) =>
      parameters.length === values.length &&
      parameters.every((parameter, index) => valueMatches(parameter, values[index])),
  );
}

/** The parser has a class of its own for unsigned literals. */
function literalValue(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array || value instanceof CelUint)
    return value;
  return new CelUint((value as { valueOf(): bigint }).valueOf());
}

function lookUp(base: unknown, at: unknown): { readonly value: unknown } | undefined {
  if (Array.isArray(base)) {
    if (typeof at !== "bigint" && typeof at !== "number") throw new CelFault("no such overload");
    const index = Number(at);
    return index >= 0 && index < base.length && Number.isInteger(index) ? { value: base[index] } : undefined;
  }
  if (!(base instanceof Map)) throw new CelFault("no such overload");
  if (base.has(at)) return { value: base.get(at) };
  for (const [key, value] of base) if (typeof key !== "string" && celEquals(key, at)) return { value };
  return undefined;
}

/** How much there is to compare. */
function deepSize(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + deepSize(item), 1);
  if (!(value instanceof Map)) return sizeOfValue(value);
  let sum = 1;
  for (const member of value.values()) sum += deepSize(member);
  return sum;
}

function asBool(value: unknown): boolean {
  if (typeof value !== "boolean") throw new CelFault("no such overload");
  return value;
}
