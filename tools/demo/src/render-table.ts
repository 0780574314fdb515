/** One column of a table. @internal */
export interface Column {
  readonly title: string;
  /** @defaultValue `left` */
  readonly align?: "left" | "right";
  /** Longest a cell gets, characters; what is longer ends with `…`. @defaultValue 60 */
  readonly maxWidth?: number;
}

/**
 * Lays cells out in columns two blanks apart, the titles on top; no trailing blanks, one line per row, line end included.
 *
 * Cells may hold anything a container can put into a path: control characters are shown as `?`.
 *
 * @internal
 */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => columns.map((column, index) => fit(row[index] ?? "", column.maxWidth ?? 60)));
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...cells.map((row) => (row[index] ?? "").length)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return columns[index]?.align === "right" ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd();
  return [columns.map((column) => column.title), ...cells].map((row) => `${line(row)}\n`).join("");
}

/** One line of at most `maxWidth` characters. @internal */
export function fit(text: string, maxWidth: number): string {
  const flat = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, "?");
  return flat.length <= maxWidth ? flat : `${flat.slice(0, maxWidth - 1)}…`;
}
