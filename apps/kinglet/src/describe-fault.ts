import { createError, describeError } from "@kinglet/errors";
import { kingletErrors } from "./errors.ts";

/**
 * One line with a code about whatever ended the program: {@link describeError} where the error has a code of ours, else
 * `KINGLET_ERR_KINGLET_UNEXPECTED` with the place in the program, because such a line is a bug report.
 *
 * Guarantees: one line, bounded, no credentials, never throws.
 *
 * @internal
 */
export function describeFault(error: unknown): string {
  if (isCoded(error)) return describeError(error);
  return describeError(
    createError(kingletErrors, "KINGLET_ERR_KINGLET_UNEXPECTED", { reason: describeError(error), at: placeOf(error) }),
  );
}

function isCoded(error: unknown): boolean {
  const code = read(error, "code");
  return typeof code === "string" && code.startsWith("KINGLET_ERR_");
}

/** The innermost call: `at run (kinglet.cjs:12:34)`, without folders. */
function placeOf(error: unknown): string {
  const stack = read(error, "stack");
  const frame = typeof stack === "string" ? /^\s*at (.{1,300})$/m.exec(stack.slice(0, 10_000))?.[1] : undefined;
  return frame === undefined ? "an unknown place" : frame.replace(/(?:file:\/\/)?\/(?:[^/\s()]+\/)*/g, "");
}

/** Reading a property may run foreign code. */
function read(value: unknown, key: "code" | "stack"): unknown {
  try {
    return (value as Record<string, unknown> | undefined | null)?.[key];
  } catch {
    return undefined;
  }
}
