/** What stands in the place of a secret. */
const mark = "[redacted]";

/**
 * Removes secrets from text that a person will read: values of password-like options, assignments and headers
 * (`--password x`, `API_TOKEN=x`, `"secret": "x"`, `Authorization: Bearer x`), credentials in URLs, well-known token shapes
 * (JSON web tokens, GitHub, GitLab, Slack, AWS key ids) and private keys in PEM form.
 *
 * Guarantees: linear in the length of the text, never throws, idempotent, text without a secret comes back as the same string.
 * Not guaranteed: a secret without a tell-tale name or shape stays. Names of things (`--token-file`, `secretName`) stay readable.
 *
 * Cost: four scans; about 1 µs for an ordinary log line, 60 ns for a command line of 70 characters that names nothing.
 *
 * @public
 */
export function redact(text: string): string {
  let safe = text;
  if (mayNameSecret.test(safe)) {
    if (safe.includes("PRIVATE KEY-----")) safe = redactPrivateKeys(safe);
    if (safe.includes("://")) safe = redactUrlCredentials(safe);
    if (safe.search(secretWords) >= 0) safe = redactNamedValues(safe);
    if (userOption.test(safe)) safe = safe.replace(userValue, keepUser);
  }
  if (safe.length >= 20 && tokenShape.test(safe)) safe = safe.replace(longWord, hideToken);
  return safe;
}

/**
 * True when a field or option of this name holds a secret (`password`, `apiToken`, `--client-secret`), false for names that
 * only point at one (`tokenFile`, `secretName`).
 *
 * @public
 */
export function isSecretName(name: string): boolean {
  secretWords.lastIndex = 0;
  const found = secretWords.exec(name);
  if (found === null) return false;
  return !pointsElsewhere.test(name.slice(found.index + found[0].length));
}

/**
 * Values have a separator before them; only an option (its name has five characters at least, and so has the frame of a key) and the scheme of
 * a header do without. What is added below has to be added here, too.
 */
const mayNameSecret = /[:=]|-[\w-]{5}|bearer/i;
// Every alternative has a fixed maximum length, so a scan is linear. Only `search` and the walk below use it; the walk sets `lastIndex`.
const secretWords =
  /passw(?:or)?d|passwd|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credential|authorization|bearer|cookie/gi;
/** What follows the secret word when the name is about a secret but is not one. */
const pointsElsewhere =
  /^s?[-_.]?(?:files?|path|name|ref|dir|type|ttl|kind|count|length|expir|namespace|url|uri|rotat|bind|max|min|bucket|limit|size|valid|audience|issuer|review|request|namespace|key[-_]?ref|s$)/i;
const userOption = /(?:^|[\s"'])(?:-u|--user|--proxy-user)[\s="',]/;
const userValue = /((?:^|[\s"'])(?:-u|--user|--proxy-user)[\s="',]{1,4})([^\s:"']{1,128}):([^\s"']{1,512})/g;
const tokenShape = /eyJ|gh[opsur]_|github_pat_|glpat-|xox[abprs]-|AKIA|ASIA/;
const longWord = /[\w.-]{20,}/g;
const knownToken =
  /(?:^|[^A-Za-z0-9])(?:eyJ[\w-]{5}|gh[opsur]_\w|github_pat_\w|glpat-|xox[abprs]-|A[KS]IA[A-Z0-9]{16})/;

function hideToken(word: string): string {
  // A JSON web token has dots; other words that begin like base64 of `{"` are left alone.
  const found = knownToken.exec(word);
  return found === null || (found[0].includes("eyJ") && !word.includes(".")) ? word : mark;
}

function keepUser(whole: string, option: string, user: string, password: string): string {
  // `docker run -u 1000:1000` names ids, not a password.
  return /^\d+$/.test(password) || password === mark ? whole : `${option}${user}:${mark}`;
}

function redactPrivateKeys(text: string): string {
  let safe = "";
  let from = 0;
  for (;;) {
    const label = text.indexOf("PRIVATE KEY-----", from);
    if (label < 0) return safe + text.slice(from);
    const start = text.lastIndexOf("-----BEGIN", label);
    const body = label + "PRIVATE KEY-----".length;
    // An END line reaches here only without its BEGIN; a BEGIN further away than any key label belongs to something else.
    if (start < from || label - start > 40) {
      safe += text.slice(from, body);
      from = body;
      continue;
    }
    const end = text.indexOf("-----END", body);
    const close = end < 0 ? -1 : text.indexOf("-----", end + "-----END".length);
    safe += `${text.slice(from, start)}${mark}`;
    if (close < 0) return safe;
    from = close + "-----".length;
  }
}

/** `scheme://user:password@host` keeps scheme, user and host; a user without a password may be a token and goes too. */
function redactUrlCredentials(text: string): string {
  let safe = "";
  let from = 0;
  for (;;) {
    const scheme = text.indexOf("://", from);
    if (scheme < 0) return safe + text.slice(from);
    const start = scheme + 3;
    let end = start;
    let at = -1;
    for (; end < text.length; end++) {
      const code = text.charCodeAt(end);
      if (code <= 32 || code === 47 || code === 63 || code === 35 || code === 34 || code === 39) break;
      if (code === 64) at = end;
    }
    if (at < 0) {
      safe += text.slice(from, end);
    } else {
      const colon = text.indexOf(":", start);
      const user = colon >= 0 && colon < at ? text.slice(start, colon + 1) : "";
      safe += `${text.slice(from, start)}${user}${mark}${text.slice(at, end)}`;
    }
    from = end;
  }
}

function redactNamedValues(text: string): string {
  let safe = "";
  let from = 0;
  secretWords.lastIndex = 0;
  for (let found = secretWords.exec(text); found !== null; found = secretWords.exec(text)) {
    const value = findValue(text, found.index, found[0]);
    if (value === undefined) continue;
    safe += `${text.slice(from, value.start)}${mark}`;
    from = value.end;
    secretWords.lastIndex = Math.max(value.end, secretWords.lastIndex);
  }
  return from === 0 ? text : safe + text.slice(from);
}

/** Where the value of the secret word at `index` stands, or `undefined` when no value follows. */
function findValue(text: string, index: number, word: string): { start: number; end: number } | undefined {
  const lower = word.toLowerCase();
  let at = index + word.length;
  if (lower === "bearer") {
    const start = skipBlanks(text, at);
    const end = endOfWord(text, start);
    return start > at && end - start >= 8 && !text.startsWith(mark, start) ? { start, end } : undefined;
  }
  const tailEnd = endOfName(text, at);
  if (tailEnd > at && pointsElsewhere.test(text.slice(at, tailEnd))) return undefined;
  at = tailEnd;
  const isOption = beginsWithDash(text, index);
  const quote = text[at] === '"' || text[at] === "'" ? 1 : 0;
  const afterBlanks = skipBlanks(text, at + quote);
  const separator = text[afterBlanks];
  let start: number;
  // `/var/run/token: no such file` names a path.
  if (separator === ":" && text[startOfName(text, index) - 1] === "/") return undefined;
  if (separator === "=" || separator === ":") start = skipBlanks(text, afterBlanks + 1);
  else if (isOption && quote === 1 && separator === ",") start = skipBlanks(text, afterBlanks + 1);
  else if (isOption && afterBlanks > at) start = afterBlanks;
  else return undefined;
  const open = text[start];
  if (open === '"' || open === "'") {
    const end = endOfQuoted(text, start + 1, open);
    return end === start + 1 || text.startsWith(mark, start + 1) ? undefined : { start: start + 1, end };
  }
  if (start >= text.length || text.startsWith(mark, start)) return undefined;
  // `--password --verbose`: the option was given without a value.
  if (isOption && separator !== "=" && open === "-") return undefined;
  if (lower === "cookie") return { start, end: endOfLine(text, start) };
  const isQuery = text[index - 1] === "?" || text[index - 1] === "&" || hasQueryStart(text, index);
  let end = endOfWord(text, start, isQuery);
  if (lower === "authorization") {
    // `Basic abc`: scheme and credentials are two words.
    const next = skipBlanks(text, end);
    if (next > end && /^[a-z]{4,10}$/i.test(text.slice(start, end))) {
      if (text.startsWith(mark, next)) return undefined;
      end = endOfWord(text, next);
    }
  }
  return end > start ? { start, end } : undefined;
}

function isNameCode(code: number): boolean {
  return (
    (code >= 48 && code <= 57) ||
    (code >= 65 && code <= 90) ||
    (code >= 97 && code <= 122) ||
    code === 95 ||
    code === 45
  );
}

/** Names longer than this are no names; it also keeps the walk linear. */
const maxName = 64;

function endOfName(text: string, at: number): number {
  let end = at;
  while (end < text.length && end - at < maxName && isNameCode(text.charCodeAt(end))) end++;
  return end;
}

function startOfName(text: string, index: number): number {
  let start = index;
  while (start > 0 && index - start < maxName && isNameCode(text.charCodeAt(start - 1))) start--;
  return start;
}

function beginsWithDash(text: string, index: number): boolean {
  return text[startOfName(text, index)] === "-";
}

function hasQueryStart(text: string, index: number): boolean {
  const before = text[startOfName(text, index) - 1];
  return before === "?" || before === "&";
}

function skipBlanks(text: string, at: number): number {
  let next = at;
  while (next < text.length && next - at < maxName && (text[next] === " " || text[next] === "\t")) next++;
  return next;
}

function endOfWord(text: string, start: number, isQuery = false): number {
  let end = start;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code <= 32 || code === 34 || code === 39 || code === 96 || (isQuery && code === 38)) break;
  }
  return end;
}

function endOfLine(text: string, start: number): number {
  let end = start;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === 10 || code === 13 || code === 34) break;
  }
  return end;
}

function endOfQuoted(text: string, start: number, quote: string): number {
  for (let end = start; end < text.length; end++) {
    if (text[end] === "\\") end++;
    else if (text[end] === quote) return end;
  }
  return text.length;
}
