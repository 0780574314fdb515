/**
 * Finds members that a JSON text names twice in one object, which parsing would hide.
 *
 * @param text - valid JSON.
 * @returns paths like `spec.containers[0].image`, each once, in the order of the text. Cost: one pass over the text.
 */
export function findDuplicates(text: string): string[] {
  const scanner: Scanner = { text, at: 0, found: new Set() };
  scanValue(scanner, "");
  return [...scanner.found];
}

interface Scanner {
  readonly text: string;
  at: number;
  readonly found: Set<string>;
}

function scanValue(scanner: Scanner, path: string): void {
  skipSpace(scanner);
  const first = scanner.text[scanner.at];
  if (first === "{") scanObject(scanner, path);
  else if (first === "[") scanArray(scanner, path);
  else if (first === '"') scanString(scanner);
  else while (scanner.at < scanner.text.length && !/[\s,\]}]/.test(scanner.text[scanner.at] ?? "")) scanner.at++;
}

function scanObject(scanner: Scanner, path: string): void {
  const names = new Set<string>();
  scanner.at++;
  for (;;) {
    skipSpace(scanner);
    if (scanner.text[scanner.at] !== '"') break;
    const start = scanner.at;
    scanString(scanner);
    const name = JSON.parse(scanner.text.slice(start, scanner.at)) as string;
    const here = path === "" ? name : `${path}.${name}`;
    if (names.has(name)) scanner.found.add(here);
    names.add(name);
    skipSpace(scanner);
    scanner.at++;
    scanValue(scanner, here);
    skipSpace(scanner);
    if (scanner.text[scanner.at] !== ",") break;
    scanner.at++;
  }
  scanner.at++;
}

function scanArray(scanner: Scanner, path: string): void {
  scanner.at++;
  for (let index = 0; ; index++) {
    skipSpace(scanner);
    if (scanner.text[scanner.at] === "]" || scanner.at >= scanner.text.length) break;
    scanValue(scanner, `${path}[${index}]`);
    skipSpace(scanner);
    if (scanner.text[scanner.at] !== ",") break;
    scanner.at++;
  }
  scanner.at++;
}

function scanString(scanner: Scanner): void {
  scanner.at++;
  while (scanner.at < scanner.text.length && scanner.text[scanner.at] !== '"') {
    scanner.at += scanner.text[scanner.at] === "\\" ? 2 : 1;
  }
  scanner.at++;
}

function skipSpace(scanner: Scanner): void {
  while (/\s/.test(scanner.text[scanner.at] ?? "x")) scanner.at++;
}
