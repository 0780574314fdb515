import { redact } from "@kinglet/logger";

/** What is shown of a command, characters. */
const maxLength = 1024;

/**
 * A command for people: arguments with spaces in quotes, secrets taken out, at most 1024 characters.
 *
 * @internal
 */
export function commandText(command: readonly string[]): string {
  let text = "";
  for (const argument of command) {
    if (text.length > 4 * maxLength) break;
    const shown = /^[\w@%+=:,./-]+$/.test(argument) ? argument : JSON.stringify(argument);
    text += text === "" ? shown : ` ${shown}`;
  }
  const safe = redact(text.slice(0, 4 * maxLength));
  return safe.length <= maxLength ? safe : `${safe.slice(0, maxLength - 1)}…`;
}
