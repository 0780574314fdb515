import type { Amount } from "./snapshot-collector.ts";

/** One line of a comparison. Sizes in bytes; growth is negative for what became less. */
export interface GrowthRow {
  readonly name: string;
  readonly countBefore: number;
  readonly countAfter: number;
  readonly countGrowth: number;
  readonly sizeBefore: number;
  readonly sizeAfter: number;
  readonly sizeGrowth: number;
}

const none: Readonly<Amount> = { count: 0, size: 0 };

/**
 * What changed between two sets of amounts.
 *
 * @returns a row per name whose count or size differs: by growth in size, then in count, then by name.
 */
export function compareAmounts(before: ReadonlyMap<string, Amount>, after: ReadonlyMap<string, Amount>): GrowthRow[] {
  const rows: GrowthRow[] = [];
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const row = growthRow(name, before.get(name) ?? none, after.get(name) ?? none);
    if (row.countGrowth !== 0 || row.sizeGrowth !== 0) rows.push(row);
  }
  return rows.sort(
    (a, b) => b.sizeGrowth - a.sizeGrowth || b.countGrowth - a.countGrowth || (a.name < b.name ? -1 : 1),
  );
}

/** One row, whether anything changed or not. */
export function growthRow(name: string, before: Readonly<Amount>, after: Readonly<Amount>): GrowthRow {
  return {
    name,
    countBefore: before.count,
    countAfter: after.count,
    countGrowth: after.count - before.count,
    sizeBefore: before.size,
    sizeAfter: after.size,
    sizeGrowth: after.size - before.size,
  };
}

/** Rows that are not shown, added up. */
export function sumRows(name: string, rows: readonly GrowthRow[]): GrowthRow {
  const before: Amount = { count: 0, size: 0 };
  const after: Amount = { count: 0, size: 0 };
  for (const row of rows) {
    before.count += row.countBefore;
    before.size += row.sizeBefore;
    after.count += row.countAfter;
    after.size += row.sizeAfter;
  }
  return growthRow(name, before, after);
}
