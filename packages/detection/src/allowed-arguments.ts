import { redact } from "@kinglet/logger";
import { ANY_ARGUMENT, ANY_ARGUMENTS, isWildcardArgument } from "@kinglet/profile/matching";
import { endWithin } from "./alert-text.ts";
import { extentOfText, readArguments, type ToldExecution } from "./arguments-text.ts";

/** Bytes of all arguments of an entry as JSON, with quotes and commas. */
const maxEntryBytes = 4096;
/** Bytes of one as JSON, in an entry that is too long. */
const maxArgumentBytes = 512;
/** Of a text that is read; more never fits. */
const maxReadCharacters = 16_384;
/** Of a wildcard, with its quotes and a comma. */
const wildcardBytes = 6;
/** Profiles match no more of them beside `ANY_ARGUMENTS`; one is that. */
const maxArguments = 255;
/** What tells that the next argument is a secret stands at the end of the one before. */
const tellTaleCharacters = 128;

/** Arguments of an entry that would allow an execution. @internal */
export interface AllowedArguments {
  readonly args: readonly string[];
  /** Set when wildcards stand for what is too long or too many: the entry allows executions that differ only there. */
  readonly isShortened?: true;
}

/**
 * The arguments of an execution as an entry of a profile that allows it.
 *
 * A secret is replaced by the wildcard for one argument: it belongs neither into alerts nor into profiles. What is redacted already stays as it is, as
 * in a profile that was learned. Beyond 4,096 bytes of JSON arguments of more than 512 are replaced, too, and if that does not suffice the
 * wildcard for any arguments stands for the last ones.
 *
 * Guarantees: the entry matches the execution; never more than 4,096 bytes and 256 arguments of one that was too long.
 *
 * @internal
 */
export function allowedArguments(argv: readonly string[]): AllowedArguments {
  if (fittingOf(argv, Infinity) === argv.length) return { args: hideSecrets(argv) };
  const kept = argv.slice(0, Math.min(fittingOf(argv, maxArgumentBytes), maxArguments));
  const safe = hideSecrets(kept.map((arg) => (isLong(arg) ? arg.slice(-tellTaleCharacters) : arg)));
  const args = safe.map((arg, at) => (isLong(kept[at] ?? "") ? ANY_ARGUMENT : arg));
  return { args: kept.length === argv.length ? args : [...args, ANY_ARGUMENTS], isShortened: true };
}

/**
 * The arguments of an execution that nobody can take apart as an entry that allows it: one vector that gives this text, which is all that is compared
 * of it. Of a text that was cut its first arguments, with the wildcard for whatever follows; that alone where nothing is known.
 *
 * Guarantees: `ArgumentsText` finds that the entry may have given the text.
 *
 * @internal
 */
export function allowedText(execution: ToldExecution): AllowedArguments {
  const extent = extentOfText(execution);
  if (extent === undefined) return { args: [ANY_ARGUMENTS], isShortened: true };
  const isWhole = extent === "all" && execution.args.length <= maxReadCharacters;
  const read = readArguments(execution.args.slice(0, maxReadCharacters));
  // The last one may be a part of one. A wildcard is none that the text stands for.
  const wildcardAt = read.findIndex(isWildcardArgument);
  const known = wildcardAt !== -1 ? read.slice(0, wildcardAt) : isWhole ? read : read.slice(0, -1);
  const { args, isShortened } = allowedArguments([execution.binary, ...known]);
  if (isWhole && wildcardAt === -1) return isShortened === true ? { args, isShortened } : { args };
  if (known.length === 0) return { args: [ANY_ARGUMENTS], isShortened: true };
  const first = args.at(-1) === ANY_ARGUMENTS ? args : [...args.slice(0, maxArguments), ANY_ARGUMENTS];
  return { args: first, isShortened: true };
}

/** How many arguments fit, from the first on, when those of more bytes than that are replaced. */
function fittingOf(argv: readonly string[], maxBytes: number): number {
  let room = maxEntryBytes;
  for (let at = 0; at < argv.length; at++) {
    const arg = argv[at] ?? "";
    if (endWithin(arg, maxBytes) < arg.length) room -= wildcardBytes;
    // Nothing is made of one that cannot fit: it may have megabytes.
    else if (arg.length <= room) room -= Buffer.byteLength(JSON.stringify(arg)) + 1;
    else return at;
    if (room < 0) return at;
  }
  return argv.length;
}

function isLong(arg: string): boolean {
  return endWithin(arg, maxArgumentBytes) < arg.length;
}

/**
 * `--password x` is two arguments, of which only both together tell what the second one is.
 *
 * All are looked at together first: where nothing is found in all of them, nothing is in any of them or two in a row.
 */
function hideSecrets(argv: readonly string[]): readonly string[] {
  const all = argv.join(" ");
  if (redact(all) === all) return argv;
  const alone = argv.map((arg) => redact(arg));
  return argv.map((arg, at) => {
    if (alone[at] !== arg) return ANY_ARGUMENT;
    if (at === 0) return arg;
    return redact(`${argv[at - 1]} ${arg}`) === `${alone[at - 1]} ${arg}` ? arg : ANY_ARGUMENT;
  });
}
