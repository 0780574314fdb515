/** One record as a line: a check of 8 digits, a blank, JSON, a line end. Guarantees: the same for the same record, so what a version wrote the next one reads. @public */
export function encodeLine(record: unknown): string {
  const text = JSON.stringify(record);
  return `${checkOf(text)} ${text}\n`;
}

/** @returns undefined when the line is not what was written. @public */
export function decodeLine(line: string): unknown {
  const text = line.slice(9);
  if (line[8] !== " " || line.slice(0, 8) !== checkOf(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The check of damaged text can be right by chance, once in four thousand million times.
    return undefined;
  }
}

/** FNV-1a over UTF-16 code units: finds damage, proves nothing against forgery. */
function checkOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
