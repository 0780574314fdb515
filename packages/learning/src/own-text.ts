/** Below this length V8 copies a part of a text, from here on it keeps the whole text alive. */
const SLICE_LENGTH = 13;

/** The same text, without whatever large text it may be a part of. @internal */
export function ownText(text: string): string {
  if (text.length < SLICE_LENGTH) return text;
  const encoding = /^[\u0000-\u00ff]*$/.test(text) ? "latin1" : "utf16le";
  return Buffer.from(text, encoding).toString(encoding);
}
