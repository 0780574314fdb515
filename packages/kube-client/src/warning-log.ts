import type { Logger } from "@kinglet/logger";

/** Distinct warnings remembered; beyond it the oldest may be logged again. */
const MAX_REMEMBERED = 128;
/** The server cuts them to 256 characters when there are many. */
const MAX_LENGTH = 512;
/** `code agent "text"`, several joined by commas. @see RFC 7234, 5.5 */
const WARNING = /\s*(\d{3})\s+(\S+)\s+"((?:[^"\\]|\\[^])*)"(?:\s+"[^"]*")?\s*(?:,|$)/y;

/**
 * Logs what the API server warns about (deprecated versions, unknown fields, admission policies): each text once.
 */
export class WarningLog {
  readonly #seen = new Set<string>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @param header - value or values of `Warning`; what cannot be read is left out. */
  add(header: string | readonly string[], place: { readonly method: string; readonly path: string }): void {
    for (const value of typeof header === "string" ? [header] : header) {
      for (const warning of parseWarnings(value)) {
        if (this.#seen.has(warning)) continue;
        if (this.#seen.size >= MAX_REMEMBERED) {
          const [oldest] = this.#seen;
          this.#seen.delete(oldest!);
        }
        this.#seen.add(warning);
        // The query may hold selectors of any length.
        const [path] = place.path.split("?");
        this.#logger.warn("the API server warns", { warning, method: place.method, path });
      }
    }
  }
}

/** Texts of the warnings with code 299, at most 512 characters each, without control characters. */
export function parseWarnings(header: string): string[] {
  const warnings: string[] = [];
  const pattern = new RegExp(WARNING);
  for (let match = pattern.exec(header); match !== null && match[0] !== ""; match = pattern.exec(header)) {
    if (match[1] !== "299") continue;
    const text = decodeText(match[3]!.replace(/\\([^])/g, "$1"));
    // oxlint-disable-next-line no-control-regex -- a header must not write lines of its own into a log
    warnings.push(text.replace(/[\u0000-\u001f\u007f]/g, " ").slice(0, MAX_LENGTH));
  }
  return warnings;
}

/** Header bytes arrive as Latin-1; the API server writes UTF-8. */
function decodeText(text: string): string {
  const bytes = Buffer.from(text, "latin1");
  const decoded = bytes.toString("utf8");
  return decoded.includes("\ufffd") ? text : decoded;
}
