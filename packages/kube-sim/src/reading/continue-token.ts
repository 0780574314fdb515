import { badRequest } from "../refusals/refusals.ts";

/** Where the next page starts: `version` undefined means "whatever is there now". */
export interface ContinuePosition {
  readonly version: bigint | undefined;
  /** Last key of the page before; the next page starts after it. */
  readonly afterKey: string;
}

/**
 * Writes a continue token: base64url of JSON with the fields that the real API server writes, so that its tools can read it.
 */
export function encodeContinue(position: ContinuePosition): string {
  const version = position.version === undefined ? "-1" : String(position.version);
  const start = JSON.stringify(`/${position.afterKey}\u0000`);
  return Buffer.from(`{"v":"meta.k8s.io/v1","rv":${version},"start":${start}}`).toString("base64url");
}

/**
 * Reads a token of {@link encodeContinue}.
 *
 * The version is taken from the text, not from the parsed number: it may exceed 2^53.
 *
 * @throws ApiRefusal 400 for anything else.
 */
export function decodeContinue(token: string): ContinuePosition {
  const text = Buffer.from(token, "base64url").toString();
  const version = /"rv":(-?\d+)/.exec(text)?.[1];
  let start: unknown;
  try {
    start = (JSON.parse(text) as { start?: unknown }).start;
  } catch {
    // Any malformed token gets the same refusal below; the parser's own words would only describe our decoder.
  }
  if (version === undefined || typeof start !== "string") {
    throw badRequest(`invalid continue token: continue key is not valid: ${describeProblem(token)}`);
  }
  return {
    version: version.startsWith("-") ? undefined : BigInt(version),
    afterKey: start.replace(/^\//, "").replace(/\u0000$/, ""),
  };
}

/** The words of the real server's parser, for texts that fail at their first byte. */
function describeProblem(token: string): string {
  const first = Buffer.from(token, "base64url")[0];
  if (first === undefined) return "unexpected end of JSON input";
  const isShown = first > 31 && first < 127;
  const shown = isShown ? String.fromCharCode(first) : `\\u${first.toString(16).padStart(4, "0")}`;
  return `invalid character '${shown}' looking for beginning of value`;
}
