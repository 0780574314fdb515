/**
 * Writes plain data as YAML: block style, keys in their order, two spaces, `undefined` left out. Only what definitions consist of.
 */
export function toYaml(value: unknown): string {
  return `${lines(value).join("\n")}\n`;
}

function lines(value: unknown): readonly string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown) =>
      lines(item).map((line, index) => (index === 0 ? `- ${line}` : `  ${line}`)),
    );
  }
  if (typeof value !== "object" || value === null) return [scalar(value)];
  return Object.entries(value).flatMap(([key, member]) => {
    if (member === undefined) return [];
    const name = scalar(key);
    if (isEmpty(member)) return [`${name}: ${Array.isArray(member) ? "[]" : "{}"}`];
    if (typeof member !== "object" || member === null) return [`${name}: ${scalar(member)}`];
    return [`${name}:`].concat(lines(member).map((line) => `  ${line}`));
  });
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

/** Quoted unless it is plain beyond doubt. */
function scalar(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value);
  const isPlain =
    /^[A-Za-z][A-Za-z0-9 .,;/()'-]*$/.test(value) && !/^(?:true|false|yes|no|on|off|null|y|n)$/i.test(value);
  return isPlain && !value.endsWith(" ") ? value : JSON.stringify(value);
}
