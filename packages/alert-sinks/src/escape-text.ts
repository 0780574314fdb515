/**
 * Characters that a terminal, a log viewer or an editor acts on instead of showing: C0 and C1 controls (a single U+009B starts an
 * escape sequence), line and paragraph separators, marks that reorder or hide text, and halves of surrogate pairs.
 */
const unsafe =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\udb40[\udc00-\udc7f]/g;

/**
 * Writes such characters inside JSON as `\uXXXX`, which a parser reads back as the same text. For text that `JSON.stringify`
 * made: there they occur inside string literals only.
 *
 * @public
 */
export function escapeJson(json: string): string {
  return json.replace(unsafe, escapeUnits);
}

/**
 * Writes such characters visibly for a person; a backslash of the text itself is doubled, so that the two cannot be confused.
 *
 * @internal
 */
export function escapeForTerminal(text: string): string {
  return text.replaceAll("\\", "\\\\").replace(unsafe, escapeUnits);
}

function escapeUnits(found: string): string {
  let escaped = "";
  for (let index = 0; index < found.length; index++) {
    escaped += `\\u${found.charCodeAt(index).toString(16).padStart(4, "0")}`;
  }
  return escaped;
}
