import { isSecretName, redact } from "@kinglet/logger";

/** What stands in the place of an argument that is a secret as a whole. */
const mark = "[redacted]";

/**
 * Takes the secrets out of an argument vector: what names give away (`--password X`, `--token=X`, `PGPASSWORD=X`), credentials in
 * URLs, bearer values, well-known shapes of tokens.
 *
 * @returns the same vector when there was nothing; an argument that held a secret holds `[redacted]` in its place.
 * @internal
 */
export function redactArguments(argv: readonly string[]): readonly string[] {
  let safe: string[] | undefined;
  for (let at = 0; at < argv.length; at++) {
    const arg = argv[at]!; // 0 <= at < length
    const before = at === 0 ? "" : argv[at - 1]!; // 0 < at
    const clean = isSecretOption(before) && !arg.startsWith("-") ? mark : redactWithUser(before, arg);
    if (clean === arg) continue;
    safe ??= [...argv];
    safe[at] = clean;
  }
  return safe ?? argv;
}

function isSecretOption(arg: string): boolean {
  return arg.startsWith("-") && !arg.includes("=") && !arg.includes(" ") && isSecretName(arg);
}

/** The whole value is the secret, spaces and all, where an option of its own says so; else what the text gives away. */
function redactOne(arg: string): string {
  const equals = arg.startsWith("-") ? arg.indexOf("=") : -1;
  if (equals > 0 && !arg.slice(0, equals).includes(" ") && isSecretName(arg.slice(0, equals))) {
    return `${arg.slice(0, equals + 1)}${mark}`;
  }
  return redact(arg);
}

/** `-u NAME:PASSWORD` is told by the option before it. */
function redactWithUser(before: string, arg: string): string {
  if (before !== "-u" && before !== "--user" && before !== "--proxy-user") return redactOne(arg);
  const both = redact(`${before} ${arg}`);
  return both.startsWith(`${before} `) ? both.slice(before.length + 1) : redactOne(arg);
}
