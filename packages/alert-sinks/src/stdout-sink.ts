import type { Alert, AlertSink } from "@kinglet/detection";

import { formatAlertConsole } from "./format-alert-console.ts";
import { formatAlertJson } from "./format-alert-json.ts";

/** @public */
export interface StdoutSinkOptions {
  /** Writes one finished line, line end included; resolves once it has been handed to the operating system. */
  write(line: string): Promise<void>;
  /** `json`: one object per line for machines; `console`: one readable line. */
  readonly format: "json" | "console";
  /** Colours, `console` only. */
  readonly color: boolean;
}

/**
 * Prints alerts, one line each.
 *
 * Whatever a container put into paths or arguments, no control character, terminal escape sequence or line break of it reaches
 * the output: it is written as `\uXXXX`.
 *
 * @public
 */
export function createStdoutSink(options: StdoutSinkOptions): AlertSink {
  const { format, color } = options;
  return {
    name: "stdout",
    publish: async (alert: Alert, { signal }) => {
      signal.throwIfAborted();
      const line = format === "json" ? formatAlertJson(alert) : formatAlertConsole(alert, { color });
      await options.write(`${line}\n`);
    },
  };
}
