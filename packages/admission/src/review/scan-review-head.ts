import type { RequestHead } from "../decision/bypass.ts";
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
  /** Who asks for what; undefined when not all of it was found before the objects began. */
  readonly request: RequestHead | undefined;
}

const quote = 34;
const backslash = 92;
const comma = 44;
const openBracket = 91;
const closeBracket = 93;
const openBrace = 123;
const closeBrace = 125;

/**
 * Finds uid, namespace and user at the beginning of a review that is not going to be parsed, because there is no time or no room.
 *
 * It walks the bytes once and looks at texts of few places only. The API server writes `kind`, `apiVersion`, `request.uid` … `request.userInfo`
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
  const fields: Partial<Record<string, string>> = {};
  const groups: string[] = [];
  let isUserWhole = false;
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
      } else if (path[1] === "request") {
        const field = fieldAt(path, key);
        if (isList.at(-1) !== (field === "groups")) {
          // A list where there should be a value, or the other way round.
        } else if (field === "groups") groups.push(readText(body, at, close) ?? "");
        else if (field !== undefined) fields[field] = readText(body, at, close);
      }
      at = close;
    } else if (byte === openBrace || byte === openBracket) {
      path.push(key);
      isList.push(byte === openBracket);
      isKey = byte === openBrace;
    } else if (byte === closeBrace || byte === closeBracket) {
      if (path.length === 3 && path[1] === "request" && path[2] === "userInfo") isUserWhole = true;
      path.pop();
      isList.pop();
      isKey = false;
    } else if (byte === comma) {
      isKey = isList.at(-1) === false;
    }
  }
  const { uid = "", namespace, operation, resource, user, subResource = "" } = fields;
  if (uid === "" || uid.length > 256 || !isReviewVersion(apiVersion)) return undefined;
  const isWhole =
    isUserWhole && namespace !== undefined && operation !== undefined && resource !== undefined && user !== undefined;
  return {
    apiVersion,
    uid,
    request: isWhole ? { namespace, operation, resource, subResource, user, groups } : undefined,
  };
}

/** What a text is, by where it stands: keys of its parents and its own. */
function fieldAt(path: readonly (string | undefined)[], key: string | undefined): string | undefined {
  if (path.length === 2) {
    const isWanted = key === "uid" || key === "namespace" || key === "operation" || key === "subResource";
    return isWanted ? key : undefined;
  }
  if (path.length === 3 && path[2] === "resource") return key === "resource" ? key : undefined;
  if (path[2] !== "userInfo") return undefined;
  if (path.length === 3) return key === "username" ? "user" : undefined;
  return path.length === 4 && path[3] === "groups" ? "groups" : undefined;
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
