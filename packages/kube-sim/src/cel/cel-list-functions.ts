import { elementCost, type OverloadDefinition } from "./cel-overload.ts";
import { CelFault, CelUint, celCompare, celEquals } from "./cel-values.ts";

/** The extensions for lists and sets. */
export function listFunctions(): readonly OverloadDefinition[] {
  return [...queries(), ...sums(), ...changes(), ...sets()];
}

function queries(): OverloadDefinition[] {
  const ordered = ["int", "uint", "double", "bool", "string", "duration", "timestamp", "bytes"];
  return [
    ...ordered.flatMap((type): OverloadDefinition[] => [
      { signature: `list(${type}).isSorted(): bool`, call: ([list]) => isSorted(list as unknown[]), cost: elementCost },
      {
        signature: `list(${type}).min(): ${type}`,
        call: ([list]) => extreme(list as unknown[], "min"),
        cost: elementCost,
      },
      {
        signature: `list(${type}).max(): ${type}`,
        call: ([list]) => extreme(list as unknown[], "max"),
        cost: elementCost,
      },
    ]),
    {
      signature: "list(T).indexOf(T): int",
      call: ([list, item]) => BigInt((list as unknown[]).findIndex((other) => celEquals(other, item))),
      cost: elementCost,
    },
    {
      signature: "list(T).lastIndexOf(T): int",
      call: ([list, item]) => BigInt((list as unknown[]).findLastIndex((other) => celEquals(other, item))),
      cost: elementCost,
    },
  ];
}

function sums(): OverloadDefinition[] {
  return [
    {
      signature: "list(int).sum(): int",
      call: ([list]) => (list as bigint[]).reduce((sum, item) => sum + item, 0n),
      cost: elementCost,
    },
    {
      signature: "list(double).sum(): double",
      call: ([list]) => (list as number[]).reduce((sum, item) => sum + item, 0),
      cost: elementCost,
    },
    {
      signature: "list(uint).sum(): uint",
      call: ([list]) => new CelUint((list as CelUint[]).reduce((sum, item) => sum + item.value, 0n)),
      cost: elementCost,
    },
  ];
}

function changes(): OverloadDefinition[] {
  const first = (sizes: readonly number[]): number => sizes[0] ?? 0;
  return [
    {
      signature: "list(T).slice(int, int): list(T)",
      call: ([list, from, to]) => slice(list as unknown[], Number(from), Number(to)),
      cost: elementCost,
      resultSize: first,
    },
    {
      signature: "list(T).reverse(): list(T)",
      call: ([list]) => (list as unknown[]).toReversed(),
      cost: elementCost,
      resultSize: first,
    },
    {
      signature: "list(T).distinct(): list(T)",
      call: ([list]) => distinct(list as unknown[]),
      cost: ([size = 0]) => 1 + size * size,
      resultSize: first,
    },
    {
      signature: "list(T).sort(): list(T)",
      call: ([list]) => sorted(list as unknown[]),
      cost: ([size = 0]) => 1 + size * size,
      resultSize: first,
    },
    { signature: "list(dyn).flatten(): list(dyn)", call: ([list]) => (list as unknown[]).flat(), cost: elementCost },
    {
      signature: "list(dyn).flatten(int): list(dyn)",
      call: ([list, depth]) => (list as unknown[]).flat(Number(depth)),
      cost: elementCost,
    },
  ];
}

function sets(): OverloadDefinition[] {
  const product = ([a = 0, b = 0]: readonly number[]): number => 1 + a * b;
  const has = (list: unknown, item: unknown): boolean => (list as unknown[]).some((other) => celEquals(other, item));
  const includes = (a: unknown, b: unknown): boolean => (b as unknown[]).every((item) => has(a, item));
  return [
    { signature: "@sets.contains(list(T), list(T)): bool", call: ([a, b]) => includes(a, b), cost: product },
    {
      signature: "@sets.equivalent(list(T), list(T)): bool",
      call: ([a, b]) => includes(a, b) && includes(b, a),
      cost: product,
    },
    {
      signature: "@sets.intersects(list(T), list(T)): bool",
      call: ([a, b]) => (b as unknown[]).some((item) => has(a, item)),
      cost: product,
    },
  ];
}

function isSorted(list: readonly unknown[]): boolean {
  return list.every((item, index) => index === 0 || (celCompare(list[index - 1], item) ?? 0) <= 0);
}

function extreme(list: readonly unknown[], which: "min" | "max"): unknown {
  if (list.length === 0) throw new CelFault(`${which} called on empty list`);
  return list.reduce((best, item) => ((celCompare(item, best) ?? 0) < 0 === (which === "min") ? item : best));
}

function sorted(list: readonly unknown[]): unknown[] {
  return list.toSorted((a, b) => celCompare(a, b) ?? 0);
}

function distinct(list: readonly unknown[]): unknown[] {
  const kept: unknown[] = [];
  for (const item of list) if (!kept.some((other) => celEquals(other, item))) kept.push(item);
  return kept;
}

function slice(list: readonly unknown[], from: number, to: number): unknown[] {
  if (from < 0 || to > list.length || from > to)
    throw new CelFault(`cannot slice(${from}, ${to}), list is length ${list.length}`);
  return list.slice(from, to);
}
