// Hot path: asked twice for every execution; budget: no allocation for a text that came a moment ago.
import { redact } from "@kinglet/logger";

const maxCharacters = 256;

/**
 * Takes secrets out of texts that come again and again: probes, and the arguments of one shell as the parent of all that it starts.
 *
 * Guarantees: the answer is that of `redact` for exactly this text, whatever was asked before; 512 texts of 256 characters are remembered at most.
 *
 * @internal
 */
export class RedactionMemory {
  readonly #texts: string[] = [];
  readonly #safe: string[] = [];

  /** The text without its secrets; the same string when there are none. */
  redact(text: string): string {
    const { length } = text;
    if (length === 0) return text;
    if (length > maxCharacters) return redact(text);
    const slot = slotOf(text, length);
    // Comparing two texts costs a quarter of looking one up in a map, which has to read it first.
    if (this.#texts[slot] === text) return this.#safe[slot]!; // Both are set together.
    const safe = redact(text);
    this.#texts[slot] = text;
    this.#safe[slot] = safe;
    return safe;
  }
}

/** A few characters choose the place; texts that share it take turns there, which costs time and nothing else. */
function slotOf(text: string, length: number): number {
  const some = text.charCodeAt(length - 1) | (text.charCodeAt(length >> 1) << 8) | (text.charCodeAt(length >> 2) << 16);
  return Math.imul(some ^ Math.imul(length, 0x85ebca6b), 0x9e3779b1) >>> 23;
}
