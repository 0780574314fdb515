import { KingletError, type ErrorDetails, type ErrorTable } from "./kinglet-error.ts";

/**
 * Makes an error from a package's table: the message template filled with `details`, `retryable` and the remedy from the row.
 *
 * @param table - the package's error table.
 * @param code - a key of that table.
 * @param details - values for the `{name}` places of the template; a place without a value stays as it is.
 * @param options - `cause`: the fault that led here; pass it whenever there is one.
 *
 * @public
 */
export function createError<Table extends ErrorTable, Code extends keyof Table & string>(
  table: Table,
  code: Code,
  details: ErrorDetails = {},
  options: { readonly cause?: unknown } = {},
): KingletError<Code> {
  const entry = table[code];
  const template = entry === undefined ? code : entry.message;
  const message = template.replace(/\{(\w+)\}/g, (place, name: string) =>
    name in details ? oneLine(details[name]) : place,
  );
  return new KingletError(code, message, {
    ...options,
    details,
    retryable: entry?.retryable ?? false,
    remedy: entry?.remedy ?? "",
  });
}

/** Values come from outside: one line, bounded, so that a hostile name cannot fill or split a log. */
function oneLine(value: unknown): string {
  const flat = toText(value)
    .slice(0, 1_000)
    .replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, " ");
  return flat.length <= 300 ? flat : `${flat.slice(0, 297)}...`;
}

function toText(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // Circular values and big integers have no JSON; making an error must not fail over that.
    return typeof value === "bigint" ? String(value) : `[${typeof value}]`;
  }
}
