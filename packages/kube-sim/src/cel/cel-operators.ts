import { CelDuration, CelFault, CelTimestamp, CelUint, celCompare, concatLists } from "./cel-values.ts";
import { parseType, type CelType } from "./cel-type.ts";
import { typeOfValue } from "./cel-overload.ts";

const NUMBERS: ReadonlySet<string> = new Set(["int", "uint", "double"]);
const ORDERED: ReadonlySet<string> = new Set([
  "int",
  "uint",
  "double",
  "string",
  "bool",
  "bytes",
  "timestamp",
  "duration",
]);

/** The type that an arithmetic or ordering operator yields for scalar operands; undefined: there is no such overload. */
export function operatorResult(operator: string, left: CelType, right: CelType): CelType | undefined {
  const a = left.kind;
  const b = right.kind;
  if (isComparison(operator)) {
    const isNumeric = (NUMBERS.has(a) || a === "dyn") && (NUMBERS.has(b) || b === "dyn");
    const isSame = a === b && ORDERED.has(a);
    const isOpen = (a === "dyn" && (ORDERED.has(b) || b === "dyn")) || (b === "dyn" && ORDERED.has(a));
    return isNumeric || isSame || isOpen ? { kind: "bool" } : undefined;
  }
  if (a === "dyn" || b === "dyn") return arithmeticWithDyn(operator, a === "dyn" ? right : left);
  if (a === b && NUMBERS.has(a) && (operator !== "%" || a !== "double")) return { kind: a } as CelType;
  if (operator === "+") return sumType(a, b);
  if (operator === "-") return differenceType(a, b);
  return undefined;
}

/** True for `<`, `<=`, `>` and `>=`. */
function isComparison(operator: string): boolean {
  return operator === "<" || operator === "<=" || operator === ">" || operator === ">=";
}

/** Computes an arithmetic or ordering operator. @throws CelFault */
export function applyOperator(operator: string, left: unknown, right: unknown): unknown {
  if (isComparison(operator)) {
    const order = celCompare(left, right);
    if (order === undefined) throw noOverload(operator, left, right);
    if (operator === "<") return order < 0;
    if (operator === "<=") return order <= 0;
    return operator === ">" ? order > 0 : order >= 0;
  }
  if (typeof left === "bigint" && typeof right === "bigint") return inRange(integerOperation(operator, left, right));
  if (typeof left === "number" && typeof right === "number" && operator !== "%")
    return doubleOperation(operator, left, right);
  if (left instanceof CelUint && right instanceof CelUint) {
    const value = integerOperation(operator, left.value, right.value);
    if (value < 0n || value > 18_446_744_073_709_551_615n) throw new CelFault("unsigned integer overflow");
    return new CelUint(value);
  }
  if (operator === "+") return sum(left, right);
  if (operator === "-") return difference(left, right);
  throw noOverload(operator, left, right);
}

function arithmeticWithDyn(operator: string, other: CelType): CelType | undefined {
  if (NUMBERS.has(other.kind) || other.kind === "dyn") return other;
  const isTime = other.kind === "timestamp" || other.kind === "duration";
  if (operator === "+" && (isTime || ["string", "bytes", "list"].includes(other.kind))) return other;
  return operator === "-" && isTime ? { kind: "dyn" } : undefined;
}

function sumType(a: string, b: string): CelType | undefined {
  if (a === b && (a === "string" || a === "bytes" || a === "duration")) return parseType(a);
  if ((a === "timestamp" && b === "duration") || (a === "duration" && b === "timestamp")) return { kind: "timestamp" };
  return undefined;
}

function differenceType(a: string, b: string): CelType | undefined {
  if (a === "timestamp" && b === "timestamp") return { kind: "duration" };
  if (a === "timestamp" && b === "duration") return { kind: "timestamp" };
  return a === "duration" && b === "duration" ? { kind: "duration" } : undefined;
}

function integerOperation(operator: string, left: bigint, right: bigint): bigint {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    default:
      if (right === 0n) throw new CelFault(operator === "/" ? "division by zero" : "modulus by zero");
      return operator === "/" ? left / right : left % right;
  }
}

function doubleOperation(operator: string, left: number, right: number): number {
  if (operator === "+") return left + right;
  if (operator === "-") return left - right;
  return operator === "*" ? left * right : left / right;
}

function sum(left: unknown, right: unknown): unknown {
  if (typeof left === "string" && typeof right === "string") return left + right;
  if (Array.isArray(left) && Array.isArray(right)) return concatLists(left, right);
  if (left instanceof Uint8Array && right instanceof Uint8Array) return new Uint8Array([...left, ...right]);
  if (left instanceof CelDuration && right instanceof CelDuration)
    return new CelDuration(left.nanoseconds + right.nanoseconds);
  if (left instanceof CelTimestamp && right instanceof CelDuration) return shift(left, right.nanoseconds);
  if (left instanceof CelDuration && right instanceof CelTimestamp) return shift(right, left.nanoseconds);
  throw noOverload("+", left, right);
}

function difference(left: unknown, right: unknown): unknown {
  if (left instanceof CelDuration && right instanceof CelDuration)
    return new CelDuration(left.nanoseconds - right.nanoseconds);
  if (left instanceof CelTimestamp && right instanceof CelDuration) return shift(left, -right.nanoseconds);
  if (left instanceof CelTimestamp && right instanceof CelTimestamp) {
    return new CelDuration(BigInt(Math.round((left.milliseconds - right.milliseconds) * 1e6)));
  }
  throw noOverload("-", left, right);
}

function shift(at: CelTimestamp, nanoseconds: bigint): CelTimestamp {
  return new CelTimestamp(at.milliseconds + Number(nanoseconds) / 1e6);
}

function noOverload(operator: string, left: unknown, right: unknown): CelFault {
  return new CelFault(`no such overload: ${typeOfValue(left)} ${operator} ${typeOfValue(right)}`);
}

function inRange(value: bigint): bigint {
  if (value > 9_223_372_036_854_775_807n || value < -9_223_372_036_854_775_808n) throw new CelFault("integer overflow");
  return value;
}
