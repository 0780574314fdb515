import type { ReviewVersion } from "./admission-request.ts";
import { isReviewVersion } from "./parse-review.ts";

/** How much of a body is looked at, bytes: the API server writes uid and namespace within the first kilobyte. @internal */
export const maxHeadBytes = 65_536;

/**
 * What an answer without a decision needs.
 *
 * @internal
 */
export interface ReviewHead {
  readonly apiVersion: ReviewVersion;
  readonly uid: string;
  /** Undefined when it was not found before the objects began. */
  readonly namespace: string | undefined;
}

const quote = 34;
const backslash = 92;
const comma = 44;
const openBracket = 91;
const closeBracket = 93;
const openBrace = 123;
const closeBrace = 125;

/**
 * Finds uid and namespace at the beginning of a review that is not going to be parsed, because there is no time or no room.
 *
 * It walks the bytes once and looks at texts of depth one and two only. The API server writes `kind`, `apiVersion`, `request.uid` … `request.namespace`
 * before the objects; what comes in another order gives undefined, and the caller parses or refuses.
 *
 * @internal
 */
export function scanReviewHead(body: Buffer): ReviewHead | undefined {
  const end = Math.min(body.length, maxHeadBytes);
  /** Keys on the way to where the walk is; undefined for lists. */
  const path: (string | undefined)[] = [];
  /** Whether each of them is a list: after a comma a list goes on with a value, an object with a key. */
  const isList: boolean[] = [];
  let apiVersion: unknown;
  let uid = "";
  let namespace: string | undefined;
  let key: string | undefined;
  let isKey = false;
  for (let at = 0; at < end; at++) {
    const byte = body[at];
    if (byte === quote) {
      const close = closingQuote(body, at + 1, end);
      if (close < 0) break;
      if (isKey) {
        key = readText(body, at, close);
        isKey = false;
        if (path.length === 2 && path[1] === "request" && (key === "object" || key === "oldObject")) break;
      } else if (path.length === 1 && key === "apiVersion") {
        apiVersion = readText(body, at, close);
      } else if (path.length === 2 && path[1] === "request") {
        if (key === "uid") uid = readText(body, at, close) ?? "";
        if (key === "namespace") namespace = readText(body, at, close);
      }
      at = close;
    } else if (byte === openBrace || byte === openBracket) {
      path.push(key);
      isList.push(byte === openBracket);
      isKey = byte === openBrace;
    } else if (byte === closeBrace || byte === closeBracket) {
      path.pop();
      isList.pop();
      isKey = false;
    } else if (byte === comma) {
      isKey = isList.at(-1) === false;
    }
  }
  if (uid === "" || uid.length > 256 || !isReviewVersion(apiVersion)) return undefined;
  return { apiVersion, uid, namespace };
}

function closingQuote(body: Buffer, from: number, end: number): number {
  for (let at = from; at < end; at++) {
    if (body[at] === backslash) at++;
    else if (body[at] === quote) return at;
  }
  return -1;
}

function readText(body: Buffer, open: number, close: number): string | undefined {
  try {
    return JSON.parse(body.toString("utf8", open, close + 1)) as string;
  } catch {
    // A broken escape: the text is not one that is looked for.
    return undefined;
  }
}
