import { Buffer } from "node:buffer";

/**
 * Text from outside as one line that is no longer than it may be.
 *
 * It is a copy where something was cut off: V8 keeps the whole text alive behind a piece of it.
 *
 * @internal
 */
export function boundedText(text: string, maxLength: number): string {
  const short =
    text.length <= maxLength ? text : `${Buffer.from(text.slice(0, maxLength - 1), "utf8").toString("utf8")}…`;
  return /[\u0000-\u001f\u007f\u2028\u2029]/.test(short)
    ? short.replaceAll(/[\u0000-\u001f\u007f\u2028\u2029]+/g, " ")
    : short;
}
