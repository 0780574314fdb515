/** Causes deeper than this add nothing a reader follows, and a chain may be circular. */
const maxCauses = 4;
const maxLength = 1_000;

/**
 * One clear line about anything that was thrown, for command lines and logs: message, code, then the causes.
 *
 * Guarantees: one line without control characters, at most 1,000 characters, never throws, and shows only messages and codes: no
 * stacks and no properties of foreign errors, because those hold headers, options and other places where secrets live. What looks
 * like a credential inside a message is blanked.
 *
 * `KINGLET_ERR_SETTINGS_FILE a.yaml cannot be used: permission denied (caused by EACCES: permission denied, open 'a.yaml')`
 *
 * @public
 */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth <= maxCauses && current !== undefined; depth++) {
    const text = describeOne(current);
    // A wrapper that repeats its cause says everything already.
    if (!parts.some((part) => part.includes(text))) parts.push(text);
    current = read(current, "cause") ?? undefined;
  }
  const [first = "unknown error", ...causes] = parts;
  const line = redact(causes.length === 0 ? first : `${first} (caused by ${causes.join("; ")})`);
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 3)}...`;
}

function describeOne(error: unknown): string {
  if (typeof error === "string") return flatten(error);
  if (typeof error !== "object" || error === null) return flatten(String(error));
  const message = textOf(read(error, "message"));
  const code = textOf(read(error, "code"));
  const name = textOf(read(error, "name"));
  const inner = read(error, "errors");
  // An aggregate of failed connection attempts often has no message of its own.
  const body = message === "" && Array.isArray(inner) && inner.length > 0 ? describeOne(inner[0]) : message;
  const said = body === "" ? name || "unknown error" : body;
  return code === "" || said.includes(code) ? said : `${code} ${said}`;
}

/** Reading a property may run foreign code. */
function read(value: unknown, key: "cause" | "code" | "errors" | "message" | "name"): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    // A getter that throws has nothing to tell.
    return undefined;
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? flatten(value) : typeof value === "number" ? String(value) : "";
}

/** Cut first: a hostile message may be megabytes long. */
function flatten(text: string): string {
  return text
    .slice(0, maxLength)
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ")
    .trim();
}

/** Bearer tokens, JSON web tokens, passwords in URLs and `password=…` pairs. */
function redact(line: string): string {
  return line
    .replace(/\b(bearer|basic) [\w.~+/=-]{8,}/gi, "$1 [redacted]")
    .replace(/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, "[redacted]")
    .replace(/(:\/\/[^/\s:@]{0,200}):[^/\s@]{1,200}@/g, "$1:[redacted]@")
    .replace(
      /\b(password|passwd|secret|token|api[_-]?key)(["']?\s{0,3}[=:]\s{0,3}["']?)[^\s"',;&)]{1,200}/gi,
      "$1$2[redacted]",
    );
}
