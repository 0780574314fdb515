import { traversalCost, type OverloadDefinition } from "./cel-overload.ts";
import { CelFault, CelOpaque } from "./cel-values.ts";

/** An exact amount: `units × 10^-scale`. */
interface Quantity {
  readonly units: bigint;
  readonly scale: number;
  toString(): string;
}

const MULTIPLIERS: Readonly<Record<string, readonly [base: bigint, exponent: number]>> = {
  n: [10n, -9],
  u: [10n, -6],
  m: [10n, -3],
  "": [10n, 0],
  k: [10n, 3],
  M: [10n, 6],
  G: [10n, 9],
  T: [10n, 12],
  P: [10n, 15],
  E: [10n, 18],
  Ki: [2n, 10],
  Mi: [2n, 20],
  Gi: [2n, 30],
  Ti: [2n, 40],
  Pi: [2n, 50],
  Ei: [2n, 60],
};

/** The extension for amounts of resources: `quantity("1Gi")`. */
export function quantityFunctions(): readonly OverloadDefinition[] {
  const of = (value: unknown): Quantity =>
    value instanceof CelOpaque ? (value.content as Quantity) : { units: value as bigint, scale: 0 };
  const make = (quantity: Quantity): CelOpaque => new CelOpaque("Quantity", quantity);
  const pairs = (
    name: string,
    result: string,
    types: readonly string[],
    call: (a: Quantity, b: Quantity) => unknown,
  ): OverloadDefinition[] =>
    types.map((type) => ({ signature: `Quantity.${name}(${type}): ${result}`, call: ([a, b]) => call(of(a), of(b)) }));
  return [
    { signature: "quantity(string): Quantity", call: ([text]) => make(parse(String(text))), cost: traversalCost },
    {
      signature: "isQuantity(string): bool",
      call: ([text]) => tryParse(String(text)) !== undefined,
      cost: traversalCost,
    },
    { signature: "Quantity.sign(): int", call: ([value]) => BigInt(Math.sign(Number(of(value).units))) },
    { signature: "Quantity.isInteger(): bool", call: ([value]) => asInteger(of(value)) !== undefined },
    {
      signature: "Quantity.asInteger(): int",
      call: ([value]) => {
        const integer = asInteger(of(value));
        if (integer === undefined) throw new CelFault("cannot convert value to integer");
        return integer;
      },
    },
    {
      signature: "Quantity.asApproximateFloat(): double",
      call: ([value]) => Number(of(value).units) / 10 ** of(value).scale,
    },
    ...pairs("add", "Quantity", ["Quantity", "int"], (a, b) => make(combine(a, b, (x, y) => x + y))),
    ...pairs("sub", "Quantity", ["Quantity", "int"], (a, b) => make(combine(a, b, (x, y) => x - y))),
    ...pairs("isLessThan", "bool", ["Quantity"], (a, b) => combine(a, b, (x, y) => x - y).units < 0n),
    ...pairs("isGreaterThan", "bool", ["Quantity"], (a, b) => combine(a, b, (x, y) => x - y).units > 0n),
    ...pairs("compareTo", "int", ["Quantity"], (a, b) => {
      const { units } = combine(a, b, (x, y) => x - y);
      return units < 0n ? -1n : units > 0n ? 1n : 0n;
    }),
  ];
}

function parse(text: string): Quantity {
  const quantity = tryParse(text);
  if (quantity === undefined)
    throw new CelFault("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
  return quantity;
}

function tryParse(text: string): Quantity | undefined {
  const match =
    /^([-+]?)(\d{0,40})(?:\.(\d{0,40}))?(?:([eE][-+]?\d{1,2})|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei))?$/.exec(text);
  if (match === null || `${match[2]}${match[3] ?? ""}` === "") return undefined;
  const fraction = match[3] ?? "";
  let units = BigInt(`${match[2]}${fraction}`) * (match[1] === "-" ? -1n : 1n);
  let scale = fraction.length;
  const [base, exponent] =
    match[4] === undefined ? (MULTIPLIERS[match[5] ?? ""] ?? [10n, 0]) : [10n, Number(match[4].slice(1))];
  if (base === 2n) units *= 2n ** BigInt(exponent);
  else scale -= exponent;
  if (scale < 0) {
    units *= 10n ** BigInt(-scale);
    scale = 0;
  }
  return reduced(units, scale);
}

/** One form per amount, so that equal amounts have equal texts. */
function reduced(units: bigint, scale: number): Quantity {
  let least = units;
  let places = scale;
  while (places > 0 && least % 10n === 0n) {
    least /= 10n;
    places--;
  }
  return { units: least, scale: places, toString: () => `${least}e-${places}` };
}

function combine(a: Quantity, b: Quantity, operation: (x: bigint, y: bigint) => bigint): Quantity {
  const scale = Math.max(a.scale, b.scale);
  const lift = (quantity: Quantity): bigint => quantity.units * 10n ** BigInt(scale - quantity.scale);
  return reduced(operation(lift(a), lift(b)), scale);
}

function asInteger(quantity: Quantity): bigint | undefined {
  return quantity.scale === 0 && quantity.units <= 9_223_372_036_854_775_807n ? quantity.units : undefined;
}
