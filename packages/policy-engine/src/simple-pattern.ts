/** One character of a pattern and how often it may come. */
interface Atom {
  readonly fits: (code: number) => boolean;
  readonly isOptional: boolean;
  readonly isRepeated: boolean;
}

/** Positions fit into one 32-bit number. */
const maxAtoms = 31;

/**
 * Compiles a pattern for `matches()` that a walk over the text decides: characters, `.`, classes (`[a-z0-9_]`, `[^/]`, `\d`, `\w`, `\s`), each with
 * `*`, `+` or `?`, and `^` and `$` at the ends. Anything else, such as groups and alternatives, is not understood.
 *
 * The test takes time linear in the text, whatever both are, and allocates nothing.
 *
 * @returns undefined for a pattern that is not understood.
 * @internal
 */
export function compileSimplePattern(source: string): ((text: string) => boolean) | undefined {
  const isAnchoredStart = source.startsWith("^");
  const isAnchoredEnd = /(^|[^\\])(\\\\)*\$$/.test(source);
  const body = source.slice(isAnchoredStart ? 1 : 0, isAnchoredEnd ? -1 : undefined);
  const atoms = parseAtoms(body);
  if (atoms === undefined || atoms.length > maxAtoms) return undefined;
  return (text) => isFound(atoms, text, isAnchoredStart, isAnchoredEnd);
}

/** Bit i of the state: atoms up to i have been passed. */
function isFound(atoms: readonly Atom[], text: string, isAnchoredStart: boolean, isAnchoredEnd: boolean): boolean {
  const end = 1 << atoms.length;
  const start = passOptional(atoms, 1);
  let state = start;
  for (let at = 0; at < text.length; at++) {
    if (!isAnchoredEnd && (state & end) !== 0) return true;
    state = step(atoms, state, text.charCodeAt(at));
    if (!isAnchoredStart) state |= start;
    else if (state === 0) return false;
  }
  return (state & end) !== 0;
}

function step(atoms: readonly Atom[], state: number, code: number): number {
  let next = 0;
  for (let index = 0; index < atoms.length; index++) {
    const atom = atoms[index]!; // Below the length.
    const isHere = (state & (1 << index)) !== 0;
    // A repeated atom that was passed may take one more.
    const isAgain = atom.isRepeated && (state & (2 << index)) !== 0;
    if ((isHere || isAgain) && atom.fits(code)) next |= 2 << index;
  }
  return passOptional(atoms, next);
}

function passOptional(atoms: readonly Atom[], state: number): number {
  let passed = state;
  for (let index = 0; index < atoms.length; index++) {
    if (atoms[index]!.isOptional && (passed & (1 << index)) !== 0) passed |= 2 << index;
  }
  return passed;
}

function parseAtoms(source: string): readonly Atom[] | undefined {
  const token = /(\[\^?\]?(?:\\.|[^\]\\])*\]|\\[dDwWsS]|\\[^A-Za-z0-9]|[^\\[\](){}|*+?^$])([*+?]?)/y;
  const atoms: Atom[] = [];
  for (let at = 0; at < source.length; at = token.lastIndex) {
    token.lastIndex = at;
    const parts = token.exec(source);
    if (parts === null) return undefined;
    const fits = parseCharacters(parts[1] ?? "");
    if (fits === undefined) return undefined;
    const quantifier = parts[2] ?? "";
    atoms.push({
      fits,
      isOptional: quantifier === "*" || quantifier === "?",
      isRepeated: quantifier === "*" || quantifier === "+",
    });
  }
  return atoms;
}

function parseCharacters(text: string): ((code: number) => boolean) | undefined {
  if (text === ".") return (code) => code !== 10;
  if (text.length === 1) {
    const wanted = text.charCodeAt(0);
    return (code) => code === wanted;
  }
  if (/^\\[^A-Za-z0-9]$/.test(text)) {
    const wanted = text.charCodeAt(1);
    return (code) => code === wanted;
  }
  // A class of one character cannot backtrack; named sets and ranges of others are not the same everywhere.
  if (!/^[\x20-\x7e]+$/.test(text) || text.includes("[:")) return undefined;
  try {
    const single = new RegExp(`^${text}$`);
    const table = Array.from({ length: 128 }, (_, code) => single.test(String.fromCharCode(code)));
    const isNegated = text.startsWith("[^") || /^\\[DWS]$/.test(text);
    return (code) => table[code] ?? isNegated;
  } catch {
    // Not a class for JavaScript either.
    return undefined;
  }
}
