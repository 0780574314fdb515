import { compareAmounts, growthRow, sumRows, type GrowthRow } from "./compare-amounts.ts";
import type { SnapshotSummary } from "./read-snapshot.ts";

const maxNameLength = 120;

/**
 * The comparison for people: a table by constructor and one by module, in bytes, largest growth first, each with its total.
 *
 * Names come from the snapshot: control characters are replaced, so that none reaches the terminal.
 *
 * @param top - rows per table; the others are one row.
 */
export function renderText(before: SnapshotSummary, after: SnapshotSummary, top: number): string {
  const total = growthRow("total", before.total, after.total);
  const head = [`A  ${describe(before)}`, `B  ${describe(after)}`];
  const constructors = renderTable("constructor", compareAmounts(before.constructors, after.constructors), top, total);
  const modules = renderTable("module", compareAmounts(before.modules, after.modules), top, total);
  const note = "Sizes are bytes of the objects themselves, without what they keep alive.";
  return `${head.join("\n")}\n\n${constructors}\n${modules}\n${note}\n`;
}

/** The comparison for programs: one JSON object; lists are cut to `top` rows, `rows` says how many there were. */
export function renderJson(before: SnapshotSummary, after: SnapshotSummary, top: number): string {
  const table = (rows: readonly GrowthRow[]): object => ({ rows: rows.length, top: rows.slice(0, top) });
  const file = ({ path, fileBytes, total }: SnapshotSummary): object => ({ path, fileBytes, ...total });
  const report = {
    before: file(before),
    after: file(after),
    total: growthRow("total", before.total, after.total),
    byConstructor: table(compareAmounts(before.constructors, after.constructors)),
    byModule: table(compareAmounts(before.modules, after.modules)),
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

function describe({ path, total }: SnapshotSummary): string {
  return `${printable(path)}: ${total.count.toLocaleString("en")} objects, ${total.size.toLocaleString("en")} bytes`;
}

function renderTable(what: string, rows: readonly GrowthRow[], top: number, total: GrowthRow): string {
  const shown = rows.slice(0, top);
  const hidden = rows.slice(top);
  if (hidden.length > 0) shown.push(sumRows(`(${hidden.length.toLocaleString("en")} more)`, hidden));
  shown.push(total);
  const header = ["size growth", "A", "B", "count growth", "A", "B", what];
  const cells = shown.map((row) => [
    signed(row.sizeGrowth),
    row.sizeBefore.toLocaleString("en"),
    row.sizeAfter.toLocaleString("en"),
    signed(row.countGrowth),
    row.countBefore.toLocaleString("en"),
    row.countAfter.toLocaleString("en"),
    printable(row.name),
  ]);
  const widths = header.map((title, column) =>
    Math.max(title.length, ...cells.map((line) => (line[column] as string).length)),
  );
  // The name is last and stays as long as it is.
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, column) => (column === texts.length - 1 ? text : text.padStart(widths[column] as number)))
      .join("  ");
  return `${[`By ${what}`, line(header), ...cells.map(line)].join("\n")}\n`;
}

function signed(value: number): string {
  return value > 0 ? `+${value.toLocaleString("en")}` : value.toLocaleString("en");
}

function printable(name: string): string {
  const flat = name.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g, " ");
  return flat.length <= maxNameLength ? flat : `${flat.slice(0, maxNameLength - 1)}…`;
}
