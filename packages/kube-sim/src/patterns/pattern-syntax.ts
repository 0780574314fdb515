/** The syntax tree of a regular expression. */
export type PatternNode =
  | { readonly kind: "empty" }
  | { readonly kind: "one"; readonly matches: (codePoint: number) => boolean }
  | {
      readonly kind: "assert";
      readonly assertion: "textStart" | "textEnd" | "lineStart" | "lineEnd" | "wordEdge" | "noWordEdge";
    }
  | { readonly kind: "sequence"; readonly parts: readonly PatternNode[] }
  | { readonly kind: "choice"; readonly parts: readonly PatternNode[] }
  | {
      readonly kind: "repeat";
      readonly part: PatternNode;
      readonly min: number;
      readonly max: number | undefined;
      readonly isLazy: boolean;
    };

type Test = (codePoint: number) => boolean;

interface Flags {
  readonly ignoreCase: boolean;
  readonly multiLine: boolean;
  readonly dotAll: boolean;
  readonly swapGreed: boolean;
}

const MAX_REPEAT = 1000;
const MAX_DEPTH = 200;
const EMPTY: PatternNode = { kind: "empty" };

/**
 * Parses the syntax of Go's `regexp`: no look-around and no back references, since neither can be run in linear time.
 *
 * @throws SyntaxError with Go's reason.
 */
export function parsePattern(source: string): PatternNode {
  const parser = new PatternParser(source);
  const node = parser.parseChoice({ ignoreCase: false, multiLine: false, dotAll: false, swapGreed: false }, 0);
  if (!parser.isAtEnd) throw new SyntaxError(`unexpected ): \`${source}\``);
  return node;
}

class PatternParser {
  readonly #text: readonly string[];
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#text = Array.from(source);
    this.#source = source;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  parseChoice(flags: Flags, depth: number): PatternNode {
    if (depth > MAX_DEPTH) throw new SyntaxError("expression nests too deeply");
    const alternatives: PatternNode[] = [];
    let parts: PatternNode[] = [];
    let current = flags;
    while (!this.isAtEnd && this.#peek() !== ")") {
      if (this.#take("|")) {
        alternatives.push(sequence(parts));
        parts = [];
        continue;
      }
      const atom = this.#parseAtom(current, depth);
      if ("flags" in atom) current = atom.flags;
      else parts.push(this.#parseRepeats(atom.node, current));
    }
    if (alternatives.length === 0) return sequence(parts);
    return { kind: "choice", parts: [...alternatives, sequence(parts)] };
  }

  #parseAtom(flags: Flags, depth: number): { readonly node: PatternNode } | { readonly flags: Flags } {
    const character = this.#next();
    switch (character) {
      case "(":
        return this.#parseGroup(flags, depth);
      case "[":
        return { node: one(this.#parseClass(flags)) };
      case ".":
        return { node: one(flags.dotAll ? () => true : (point) => point !== 10) };
      case "^":
        return { node: { kind: "assert", assertion: flags.multiLine ? "lineStart" : "textStart" } };
      case "$":
        return { node: { kind: "assert", assertion: flags.multiLine ? "lineEnd" : "textEnd" } };
      case "*":
      case "+":
      case "?":
        throw new SyntaxError(`missing argument to repetition operator: \`${character}\``);
      case "\\":
        return { node: this.#parseEscape(flags) };
      default:
        return { node: one(literal(character, flags)) };
    }
  }

  #parseGroup(flags: Flags, depth: number): { readonly node: PatternNode } | { readonly flags: Flags } {
    let inner = flags;
    if (this.#take("?")) {
      if (this.#take("P")) {
        if (!this.#take("<")) throw new SyntaxError("invalid named capture");
        this.#skipName();
      } else if (this.#peek() === "<" && this.#text[this.#at + 1] !== "=" && this.#text[this.#at + 1] !== "!") {
        this.#at++;
        this.#skipName();
      } else {
        inner = this.#parseFlags(flags);
        if (this.#take(")")) return { flags: inner };
        if (!this.#take(":")) throw new SyntaxError("invalid or unsupported Perl syntax: `(?`");
      }
    }
    const node = this.parseChoice(inner, depth + 1);
    if (!this.#take(")")) throw new SyntaxError(`missing closing ): \`${this.#source}\``);
    return { node };
  }

  #skipName(): void {
    let name = "";
    while (!this.isAtEnd && this.#peek() !== ">") name += this.#next();
    if (!this.#take(">") || !/^\w+$/.test(name)) throw new SyntaxError("invalid named capture");
  }

  #parseFlags(flags: Flags): Flags {
    const changed = { ...flags };
    let value = true;
    while (!this.isAtEnd && this.#peek() !== ")" && this.#peek() !== ":") {
      const flag = this.#next();
      if (flag === "-" && value) value = false;
      else if (flag === "i") changed.ignoreCase = value;
      else if (flag === "m") changed.multiLine = value;
      else if (flag === "s") changed.dotAll = value;
      else if (flag === "U") changed.swapGreed = value;
      else throw new SyntaxError(`invalid or unsupported Perl syntax: \`(?${flag}\``);
    }
    return changed;
  }

  #parseRepeats(atom: PatternNode, flags: Flags): PatternNode {
    let node = atom;
    let count = 0;
    for (;;) {
      const bounds = this.#parseBounds();
      if (bounds === undefined) return node;
      // `a**` is refused; `a{2}{3}` is fine for Go, but never more than the limit altogether.
      if (++count > 1) throw new SyntaxError("invalid nested repetition operator");
      const isLazy = this.#take("?") !== flags.swapGreed;
      node = { kind: "repeat", part: node, min: bounds.min, max: bounds.max, isLazy };
    }
  }

  #parseBounds(): { readonly min: number; readonly max: number | undefined } | undefined {
    if (this.#take("*")) return { min: 0, max: undefined };
    if (this.#take("+")) return { min: 1, max: undefined };
    if (this.#take("?")) return { min: 0, max: 1 };
    if (this.#peek() !== "{") return undefined;
    const match = /^\{(\d{1,6})(,(\d{0,6}))?\}/.exec(this.#text.slice(this.#at, this.#at + 16).join(""));
    // A brace that opens no count stands for itself.
    if (match === null) return undefined;
    const min = Number(match[1]);
    const max = match[2] === undefined ? min : match[3] === "" ? undefined : Number(match[3]);
    if (min > MAX_REPEAT || (max !== undefined && (max > MAX_REPEAT || max < min))) {
      throw new SyntaxError(`invalid repeat count: \`${match[0]}\``);
    }
    this.#at += match[0].length;
    return { min, max };
  }

  #parseEscape(flags: Flags): PatternNode {
    if (this.isAtEnd) throw new SyntaxError("trailing backslash at end of expression: ``");
    const character = this.#next();
    switch (character) {
      case "A":
        return { kind: "assert", assertion: "textStart" };
      case "z":
        return { kind: "assert", assertion: "textEnd" };
      case "b":
        return { kind: "assert", assertion: "wordEdge" };
      case "B":
        return { kind: "assert", assertion: "noWordEdge" };
      case "Q": {
        const parts: PatternNode[] = [];
        while (!this.isAtEnd) {
          if (this.#peek() === "\\" && this.#text[this.#at + 1] === "E") {
            this.#at += 2;
            break;
          }
          parts.push(one(literal(this.#next(), flags)));
        }
        return sequence(parts);
      }
      default:
        return one(this.#escapedTest(character, flags));
    }
  }

  #escapedTest(character: string, flags: Flags): Test {
    const named = perlClass(character);
    if (named !== undefined) return named;
    if (character === "p" || character === "P") return this.#unicodeClass(character === "P");
    return literal(String.fromCodePoint(this.#escapedPoint(character)), flags);
  }

  #escapedPoint(character: string): number {
    const control = "abfnrtv".includes(character)
      ? { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 }[character]
      : undefined;
    if (control !== undefined) return control;
    if (character === "x") return this.#hexPoint();
    if (/[0-7]/.test(character)) {
      let digits = character;
      while (digits.length < 3 && /[0-7]/.test(this.#peek())) digits += this.#next();
      if (character !== "0" && digits.length < 2) throw new SyntaxError(`invalid escape sequence: \`\\${character}\``);
      return Number.parseInt(digits, 8);
    }
    if (/[A-Za-z0-9]/.test(character) || (character.codePointAt(0) ?? 0) > 127) {
      throw new SyntaxError(`invalid escape sequence: \`\\${character}\``);
    }
    return character.codePointAt(0) ?? 0;
  }

  #hexPoint(): number {
    let digits = "";
    if (this.#take("{")) {
      while (!this.isAtEnd && this.#peek() !== "}") digits += this.#next();
      this.#take("}");
    } else {
      digits = this.#next() + this.#next();
    }
    if (!/^[0-9a-fA-F]{1,8}$/.test(digits) || Number.parseInt(digits, 16) > 0x10_ff_ff) {
      throw new SyntaxError(`invalid escape sequence: \`\\x${digits}\``);
    }
    return Number.parseInt(digits, 16);
  }

  #unicodeClass(isNegated: boolean): Test {
    let name = this.#next();
    if (name === "{") {
      name = "";
      while (!this.isAtEnd && this.#peek() !== "}") name += this.#next();
      if (!this.#take("}")) throw new SyntaxError("invalid character class range: `\\p{`");
    }
    const negated = name.startsWith("^") !== isNegated;
    const plain = name.replace(/^\^/, "");
    const test = unicodeTest(plain);
    if (test === undefined) throw new SyntaxError(`invalid character class range: \`\\p{${plain}}\``);
    return negated
      ? (point) => !test.test(String.fromCodePoint(point))
      : (point) => test.test(String.fromCodePoint(point));
  }

  #parseClass(flags: Flags): Test {
    const isNegated = this.#take("^");
    const tests: Test[] = [];
    for (let isFirst = true; isFirst || this.#peek() !== "]"; isFirst = false) {
      if (this.isAtEnd) throw new SyntaxError(`missing closing ]: \`${this.#source}\``);
      tests.push(this.#parseClassPart(flags));
    }
    this.#at++;
    return isNegated ? (point) => !tests.some((test) => test(point)) : (point) => tests.some((test) => test(point));
  }

  #parseClassPart(flags: Flags): Test {
    if (this.#peek() === "[" && this.#text[this.#at + 1] === ":") {
      const match = /^\[:(\^?)(\w+):\]/.exec(this.#text.slice(this.#at, this.#at + 14).join(""));
      const test = match === null ? undefined : posixClass(match[2] ?? "");
      if (match !== null && test === undefined) {
        throw new SyntaxError(`invalid character class range: \`${match[0]}\``);
      }
      if (match !== null && test !== undefined) {
        this.#at += match[0].length;
        return match[1] === "^" ? (point) => !test(point) : test;
      }
    }
    const first = this.#next();
    if (first === "\\") {
      if (this.isAtEnd) throw new SyntaxError("trailing backslash at end of expression: ``");
      const escaped = this.#next();
      const named = perlClass(escaped);
      if (named !== undefined) return named;
      if (escaped === "p" || escaped === "P") return this.#unicodeClass(escaped === "P");
      return this.#parseRange(this.#escapedPoint(escaped), flags);
    }
    return this.#parseRange(first.codePointAt(0) ?? 0, flags);
  }

  #parseRange(low: number, flags: Flags): Test {
    if (this.#peek() !== "-" || this.#text[this.#at + 1] === "]" || this.#text[this.#at + 1] === undefined) {
      return literal(String.fromCodePoint(low), flags);
    }
    this.#at++;
    const character = this.#next();
    const high = character === "\\" ? this.#escapedPoint(this.#next()) : (character.codePointAt(0) ?? 0);
    if (high < low) {
      const text = `${String.fromCodePoint(low)}-${String.fromCodePoint(high)}`;
      throw new SyntaxError(`invalid character class range: \`${text}\``);
    }
    const within: Test = (point) => point >= low && point <= high;
    if (!flags.ignoreCase) return within;
    return (point) => within(point) || otherCases(point).some(within);
  }

  #peek(): string {
    return this.#text[this.#at] ?? "";
  }

  #next(): string {
    return this.#text[this.#at++] ?? "";
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at++;
    return true;
  }
}

function sequence(parts: readonly PatternNode[]): PatternNode {
  if (parts.length === 0) return EMPTY;
  return parts.length === 1 ? (parts[0] ?? EMPTY) : { kind: "sequence", parts };
}

function one(matches: Test): PatternNode {
  return { kind: "one", matches };
}

function literal(character: string, flags: Flags): Test {
  const wanted = character.codePointAt(0) ?? 0;
  if (!flags.ignoreCase) return (point) => point === wanted;
  const others = otherCases(wanted);
  return (point) => point === wanted || others.includes(point);
}

function otherCases(point: number): number[] {
  const text = String.fromCodePoint(point);
  return [text.toLowerCase(), text.toUpperCase()]
    .filter((other) => other !== text && Array.from(other).length === 1)
    .map((other) => other.codePointAt(0) ?? 0);
}

function perlClass(character: string): Test | undefined {
  const test = { d: isDigit, w: isWordPoint, s: isSpace }[character.toLowerCase()];
  if (test === undefined) return undefined;
  return character >= "a" ? test : (point) => !test(point);
}

function isDigit(point: number): boolean {
  return point >= 48 && point <= 57;
}

function isLetter(point: number): boolean {
  return (point >= 65 && point <= 90) || (point >= 97 && point <= 122);
}

function isWordPoint(point: number): boolean {
  return isDigit(point) || isLetter(point) || point === 95;
}

function isSpace(point: number): boolean {
  return point === 32 || point === 9 || point === 10 || point === 12 || point === 13;
}

function posixClass(name: string): Test | undefined {
  const tests: Readonly<Record<string, Test>> = {
    alnum: (point) => isDigit(point) || isLetter(point),
    alpha: isLetter,
    ascii: (point) => point < 128,
    blank: (point) => point === 32 || point === 9,
    cntrl: (point) => point < 32 || point === 127,
    digit: isDigit,
    graph: (point) => point > 32 && point < 127,
    lower: (point) => point >= 97 && point <= 122,
    print: (point) => point >= 32 && point < 127,
    punct: (point) => point > 32 && point < 127 && !isDigit(point) && !isLetter(point),
    space: (point) => isSpace(point) || point === 11,
    upper: (point) => point >= 65 && point <= 90,
    word: isWordPoint,
    xdigit: (point) => isDigit(point) || (point >= 65 && point <= 70) || (point >= 97 && point <= 102),
  };
  return Object.hasOwn(tests, name) ? tests[name] : undefined;
}

function unicodeTest(name: string): RegExp | undefined {
  if (!/^[A-Za-z_]+$/.test(name)) return undefined;
  for (const property of [`gc=${name}`, `sc=${name}`]) {
    try {
      return new RegExp(`^\\p{${property}}$`, "u");
    } catch {
      // Not a category: perhaps a script. Not a script either: unknown.
    }
  }
  return undefined;
}
