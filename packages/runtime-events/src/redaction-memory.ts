import { redact } from "@kinglet/logger";

const maxEntries = 256;
const maxCharacters = 256;

/**
 * Takes secrets out of texts that come again and again: probes, and the arguments of one shell as the parent of all that it starts.
 *
 * @internal
 */
export class RedactionMemory {
  readonly #safe: Map<string, string> = new Map();

  /** The text without its secrets; the same string when there are none. */
  redact(text: string): string {
    if (text === "") return text;
    const known = this.#safe.get(text);
    if (known !== undefined) return known;
    const safe = redact(text);
    if (text.length > maxCharacters) return safe;
    if (this.#safe.size >= maxEntries) this.#safe.clear();
    this.#safe.set(text, safe);
    return safe;
  }
}
