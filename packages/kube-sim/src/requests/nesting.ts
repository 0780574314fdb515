import { badRequest } from "../refusals/refusals.ts";

/**
 * How deep lists and maps may lie in each other. The real server reads ten times as much; every walk through an object here may
 * therefore recurse.
 */
export const MAX_DEPTH = 1_000;

/**
 * Refuses JSON that is nested too deeply, before it is parsed.
 *
 * @param text - need not be valid. Cost: one pass over the text.
 * @throws ApiRefusal 400
 */
export function checkTextDepth(text: string): void {
  // Nothing can be deeper than it is long.
  if (text.length <= MAX_DEPTH) return;
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isInString) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) isInString = false;
    } else if (code === QUOTE) isInString = true;
    else if (code === OPENING_BRACE || code === OPENING_BRACKET) {
      if (++depth > MAX_DEPTH) throw tooDeep();
    } else if (code === CLOSING_BRACE || code === CLOSING_BRACKET) depth--;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/** True for a value in which lists and maps lie deeper than {@link MAX_DEPTH}; however deep it is. */
export function isTooDeep(value: unknown): boolean {
  return jsonDepth(value, MAX_DEPTH) > MAX_DEPTH;
}

/** Nesting of maps and lists of a JSON value; stops counting a little above the limit. No recursion. */
export function jsonDepth(value: unknown, limit: number): number {
  let level: unknown[] = [value];
  let depth = 0;
  while (level.length > 0 && depth <= limit) {
    const next: unknown[] = [];
    for (const item of level) {
      if (!isContainer(item)) continue;
      for (const member of Object.values(item)) if (isContainer(member)) next.push(member);
    }
    depth++;
    level = next;
  }
  return depth;
}

/** The refusal of what is nested too deeply. */
export function tooDeep(): Error {
  return badRequest("exceeded max depth");
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
