/**
 * Finds members that a JSON text names twice in one object, which parsing would hide.
 *
 * @param text - valid JSON.
 * @returns paths like `spec.containers[0].image`, each once, in the order of the text. Cost: one pass over the text.
 */
export function findDuplicates(text: string): string[] {
  return [...scan(text).found.keys()];
}

/**
 * Brings paths into the order in which a decoder comes upon them: an unknown member where it stands, a doubled one where it is
 * named again.
 */
export function inTextOrder(text: string, unknown: readonly string[], duplicates: readonly string[]): string[] {
  const scanner = scan(text, new Set(unknown));
  const places = new Map<string, number>();
  for (const path of unknown) places.set(path, scanner.places.get(path) ?? 0);
  for (const path of duplicates) places.set(path, scanner.found.get(path) ?? 0);
  return [...unknown, ...duplicates].sort((left, right) => (places.get(left) ?? 0) - (places.get(right) ?? 0));
}

function scan(text: string, wanted: ReadonlySet<string> = new Set()): Scanner {
  const scanner: Scanner = { text, at: 0, found: new Map(), wanted, places: new Map() };
  scanValue(scanner, "");
  return scanner;
}

interface Scanner {
  readonly text: string;
  at: number;
  /** Doubled members, with the place of the second one. */
  readonly found: Map<string, number>;
  /** Paths whose places are to be remembered. */
  readonly wanted: ReadonlySet<string>;
  readonly places: Map<string, number>;
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
    if (names.has(name) && !scanner.found.has(here)) scanner.found.set(here, start);
    if (scanner.wanted.has(here) && !scanner.places.has(here)) scanner.places.set(here, start);
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
