/** What the texts of one answer may hold together before they are shortened, characters. */
const MAX_TOTAL = 4_096;
/** What a text may hold once they are shortened, characters. */
const MAX_TEXT = 256;

/**
 * The `Warning` headers of one answer, in the order of their first mention, each once, and never more than a header can carry: above
 * 4,096 characters every text is cut to 256, and what does not fit then is left out.
 *
 * A text with control characters is left out too. Other characters travel as UTF-8, as the real server sends them.
 *
 * @see k8s.io/apiserver v0.36.3 pkg/endpoints/filters/warning.go
 */
export class WarningHeaders {
  readonly #texts = new Set<string>();
  #headers: string[] = [];
  #written = 0;
  #isShortening = false;

  add(text: string): void {
    const isFull = this.#isShortening && this.#written >= MAX_TOTAL;
    if (isFull || text === "" || this.#texts.has(text)) return;
    this.#texts.add(text);
    if (this.#isShortening || this.#written + lengthOf(text) <= MAX_TOTAL) {
      this.#append(text);
      return;
    }
    this.#isShortening = true;
    this.#written = 0;
    this.#headers = [];
    for (const earlier of this.#texts) this.#append(earlier);
  }

  /** Header values, one byte per character as Node wants them. */
  get values(): readonly string[] {
    return this.#headers;
  }

  #append(text: string): void {
    const shown = this.#isShortening && lengthOf(text) > MAX_TEXT ? Array.from(text).slice(0, MAX_TEXT).join("") : text;
    if (/\p{Cc}/u.test(shown)) return;
    this.#written += lengthOf(shown);
    const quoted = shown.replace(/["\\]/g, String.raw`\$&`);
    this.#headers.push(`299 - "${Buffer.from(quoted).toString("latin1")}"`);
  }
}

/** Characters, not UTF-16 units. */
function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length++;
  return length;
}
