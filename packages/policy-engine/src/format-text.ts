/** `%`, an optional precision, the letter. */
const clause = /%(?:\.(\d{1,2}))?([sdxXobfe%])|%/g;

/**
 * The function `format` of CEL's string extension: `'%s called port %d'.format([...])`.
 *
 * `%s` takes anything, `%d`, `%x`, `%X`, `%o` and `%b` whole numbers, `%f` and `%e` any number, with six digits unless `%.2f` says otherwise.
 *
 * @throws RangeError for another clause, for values that are missing, left over or of the wrong kind, and for a text longer than `maxLength`.
 * @internal
 */
export function formatText(text: string, values: readonly unknown[], maxLength: number): string {
  let used = 0;
  let length = text.length;
  const made = text.replace(clause, (written: string, precision: string | undefined, letter: string | undefined) => {
    if (letter === undefined) throw new RangeError("format: % needs one of s, d, x, X, o, b, f, e and %");
    if (letter === "%") return "%";
    if (used >= values.length) throw new RangeError(`format: there is no value for ${written}`);
    const shown = show(values[used++], letter, precision === undefined ? 6 : Number(precision));
    length += shown.length;
    if (length > maxLength) throw new RangeError(`format: the text would have more than ${maxLength} characters`);
    return shown;
  });
  if (used < values.length) throw new RangeError(`format: ${values.length - used} values are left over`);
  return made;
}

function show(given: unknown, letter: string, digits: number): string {
  // Unsigned integers come in a box of the library's.
  const value = typeof given === "object" && given !== null ? (given.valueOf() as unknown) : given;
  if (letter === "s") return textOf(value);
  const isWhole = typeof value === "bigint";
  if (!isWhole && typeof value !== "number") throw new RangeError(`format: %${letter} needs a number`);
  if (letter === "f") return Number(value).toFixed(digits);
  if (letter === "e")
    return Number(value)
      .toExponential(digits)
      .replace(/e([+-])(\d)$/, "e$10$2");
  if (!isWhole) throw new RangeError(`format: %${letter} needs a whole number`);
  switch (letter) {
    case "x":
      return value.toString(16);
    case "X":
      return value.toString(16).toUpperCase();
    case "o":
      return value.toString(8);
    case "b":
      return value.toString(2);
    default:
      return value.toString();
  }
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join(", ")}]`;
  switch (typeof value) {
    case "string":
      return value;
    case "bigint":
    case "number":
    case "boolean":
      return String(value);
    default:
      if (value === null) return "null";
      throw new RangeError("format: %s needs a text, a number, true, false, null or a list of such");
  }
}
