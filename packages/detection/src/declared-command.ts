// Asked for every execution that a rule asks the profile about; budget: one comparison of paths, and of a wrapper's words; nothing longer than a name is made.
import type { ExecEvent } from "@kinglet/enrichment";
import { isSecretName, redact } from "@kinglet/logger";

/**
 * What an execution is held against its declaration by. `argv` is undefined when it cannot be told without guessing; its first word is the
 * process's to choose: it exempts nothing, and one that makes another program of a file (`sh` for busybox) is refused.
 *
 * @internal
 */
export type ReportedExecution = Pick<ExecEvent, "binary" | "argv" | "args" | "isTruncated">;

/**
 * Whether an execution is the command line that a pod's specification declares: the program, and every argument.
 *
 * - A word without a folder stands for a program of that name in the `bin` and `sbin` of `/`, `/usr` and `/usr/local`; one that is relative
 *   (`./run.sh`) for one in any folder but those where processes write (`/tmp`, `/dev`, `/proc` and the like). `/bin` and `/usr/bin` are one folder.
 * - A script is executed by its interpreter: its own path, with at most one word of the `#!` line before it, comes before the arguments.
 * - A known wrapper (`tini -- /app/server --port 80`) executes the rest of its own words, from the program with an absolute path on; a word
 *   that is another program's argument or an option's value is no program.
 * - `$(NAME)` stands for any text where `isExpanded`; behind `-c`, `-e` and the like for none that a shell would do more with than read it.
 * - A secret that the sensor took out is compared with what redaction makes of the declared text.
 * - Of a text that cannot be taken apart the declared one, joined in the same way, has to be equal; of one that was cut, at least 200
 *   characters have to be there and the declared one has to begin with them. Without arguments nothing is declared.
 *
 * Cost: linear in both command lines once the program fits, else a comparison of paths and a look at a wrapper's words.
 *
 * @param words - program and arguments.
 * @param isExpanded - true for a container's own command: Kubernetes puts variables into it, but not into hooks.
 * @internal
 */
export function isDeclaredCommand(
  words: readonly string[],
  isExpanded: boolean,
  execution: ReportedExecution,
): boolean {
  for (let at = 0; at !== -1 && at < words.length; at = wrappedProgram(words, at)) {
    const word = words[at]!; // at < length
    const isProgram =
      (at === 0 || (word.startsWith("/") && !scratch.test(word))) && isProgramOf(word, execution.binary);
    if (isProgram && hasArguments(words, at + 1, isExpanded, execution)) return true;
  }
  return false;
}

/** They execute the words behind their own options, as these are. `chroot` is none: the paths behind it are in another root. */
const wrapper = /^(?:tini(?:-static)?|dumb-init|catatonit|env|su-exec|gosu|setpriv|timeout|nice|ionice|nohup|stdbuf)$/;
/** What images call the script that ends in `exec "$@"`; its first word is the program, or an option for one that nobody declared. */
const entrypoint = /^(?:docker-)?entry-?point(?:\.sh)?$/;
const withOperand = /^(?:su-exec|gosu|timeout)$/;
/** Options that leave the next word alone: the end of options, those that bring their value along, and flags, some of a wrapper of their own. */
const plainWrapperOption =
  /^\S+ -(?:-?|-[\w-]+=.*|\w.+|-(?:single-child|verbose|ignore-environment|foreground|preserve-status|no-new-privs|nnp|(?:clear|keep|init)-groups|reset-env))$|^(?:(?:tini(?:-static)?|catatonit) -[gsvw]|dumb-init -[cv]|env -[i0v]|timeout -[fpv]|ionice -t)$/s;

/** Where the program is that the wrapper at `at` executes; -1 if that is none, or its options could be read in another way. */
function wrappedProgram(words: readonly string[], at: number): number {
  const name = nameOf(words[at]!); // at < length
  if (entrypoint.test(name)) return words[at + 1]?.startsWith("-") === true ? -1 : at + 1;
  if (!wrapper.test(name)) return -1;
  let hasOperand = withOperand.test(name);
  let isValue = false;
  for (let next = at + 1; next < words.length; next++) {
    const word = words[next]!; // next < length
    if (isValue) {
      if (word.startsWith("/")) return -1;
      isValue = false;
    } else if (word.startsWith("-")) isValue = !plainWrapperOption.test(`${name} ${word}`);
    else if (hasOperand) hasOperand = false;
    else if (name !== "env" || !word.includes("=")) return next;
  }
  return -1;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Where processes write or appear without an image's doing; a program there is not the one that a name without its folder means. */
const scratch = /^\/(?:tmp|var|dev|proc|sys|run|home|root|mnt|media)(?:\/|$)|^[^/]|^\/memfd:/;
/** Where a bare name is looked for. Images that add folders are known by their profiles: elsewhere volumes may be, or what a process made. */
const searched = /^\/(?:usr\/(?:local\/)?)?s?bin\/[^/]+$/;

function isProgramOf(declared: string, path: string): boolean {
  const word = tidied(declared);
  if (word.startsWith("/")) return word === path || withoutUsr(word) === withoutUsr(path);
  if (word === "") return false;
  if (!word.includes("/")) return searched.test(path) && nameOf(path) === word;
  if (scratch.test(path) || path.includes("/../")) return false;
  return path.endsWith(word.startsWith("./") ? word.slice(1) : `/${word}`);
}

/** As sources tell a program's path: without empty parts, `..` left alone. */
function tidied(path: string): string {
  return path.includes("//") || path.includes("/./") ? path.replace(/\/(?:\.?\/)+/g, "/") : path;
}

/** Most images have `/bin` as a link to `/usr/bin`, and sources tell the one or the other. */
function withoutUsr(path: string): string {
  return path.startsWith("/usr/bin/") || path.startsWith("/usr/sbin/") ? path.slice(4) : path;
}

function hasArguments(
  words: readonly string[],
  from: number,
  isExpanded: boolean,
  execution: ReportedExecution,
): boolean {
  const { binary: path, argv } = execution;
  const pieces: (readonly string[])[] = [];
  for (let at = from; at < words.length; at++) pieces.push(isExpanded ? literalPieces(words[at]!) : [words[at]!]); // at < length
  if (argv === undefined)
    return execution.isTruncated
      ? isStartOf(execution.args, pieces)
      : isText(execution.args, pieces, words[from - 1]!, path); // from > 0
  const ownWords = argv.length - 1 - pieces.length;
  if (ownWords < 0 || ownWords > 2) return false;
  const program = words[from - 1]!; // from > 0
  if (ownWords === 0 && isDisguise(nameOf(argv[0]!), program, path)) return false; // argv.length > pieces.length
  if (ownWords > 0 && !isScriptName(argv[ownWords]!, program, path)) return false; // ownWords < argv.length
  if (ownWords === 2 && !isInterpreterWord(argv[1]!, argv[0]!, path)) return false; // 2 < argv.length
  for (let at = 0; at < pieces.length; at++) {
    const forbidden = isProgramText(words, from + at) ? shellWords : undefined;
    if (!isSameText(argv[1 + ownWords + at]!, pieces[at]!, words[from + at - 1]!, forbidden)) return false; // all have that many
  }
  return true;
}

/** Programs that are many by their first word, busybox above all, make these of themselves: then an argument is a file or a program to run. */
const runner =
  /^(?:hush|lua|awk|busybox|toybox|xargs|setsid|chroot|time|watch|unshare|nsenter|taskset|chrt|setarch|linux(?:32|64)|run-parts)$/;

function isDisguise(told: string, word: string, path: string): boolean {
  const name = told.startsWith("-") ? told.slice(1) : told; // of a login shell
  if (name === nameOf(path) || name === nameOf(word)) return false;
  return interpreter.test(name) || wrapper.test(name) || runner.test(name);
}

/** A script is named as it was executed. An interpreter's own name would be a file of that name in some folder. */
function isScriptName(told: string, word: string, path: string): boolean {
  const name = tidied(told);
  return name === path || (word.includes("/") && !interpreter.test(nameOf(path)) && name === tidied(word));
}

/** Options with a program's text behind them, of shells and of interpreters. */
const textOption = /^-(?:\w*c|\w{0,3}[eEpr])$|^--(?:eval|print|command)$/;

/** Whether the word may be read as a program: behind such an option, with or without others between, or as its value. */
function isProgramText(words: readonly string[], at: number): boolean {
  if (/^--(?:eval|print|command)=/.test(words[at]!)) return true; // at < length
  // 0 < before < at
  for (let before = at - 1; before > 0 && words[before]!.startsWith("-"); before--)
    if (textOption.test(words[before]!)) return true;
  return false;
}

/** Options that shells and interpreters are started with in scripts; none of them makes the word behind it a program. */
const plainOption = /^-[efuxlE]{1,5}$/;
const interpreter = /^(?:(?:ba|da|a|k|z)?sh|python[\d.]*|node|perl|ruby|php)$/;

/**
 * `#!/bin/sh -e`, `#!/usr/bin/env bash`. An interpreter itself is no script: `sh bash …` runs the file `bash`, be it by its path or by the first
 * word that it is told; a source that does not know that word has the path there.
 */
function isInterpreterWord(word: string, first: string, path: string): boolean {
  const name = nameOf(path);
  if (name === "env" || name === "busybox" || interpreter.test(name)) return false;
  return (
    plainOption.test(word) || (interpreter.test(word) && (first === path || /(?:^|\/)(?:env|busybox)$/.test(first)))
  );
}

/** `$(NAME)` between texts, `$$` is one dollar. */
const reference = /\$(?:\$|\([\w.-]+\))/;

/** The texts around the references of an argument; one without any. */
function literalPieces(argument: string): readonly string[] {
  const pieces: string[] = [];
  let literal = "";
  let rest = argument;
  for (let found = reference.exec(rest); found !== null; found = reference.exec(rest)) {
    literal += rest.slice(0, found.index);
    if (found[0] === "$$") literal += "$";
    else {
      pieces.push(literal);
      literal = "";
    }
    rest = rest.slice(found.index + found[0].length);
  }
  pieces.push(literal + rest);
  return pieces;
}

/** A variable's value may not bring commands, quotes or lines of its own where a shell reads it. */
const shellWords = /[;&|`$<>(){}"'\\\n\r]/;

/** What the sensor writes in the place of a secret. */
const hidden = "[redacted]";

/** In the place of a variable while redaction looks at the text; as long as the shortest value that it takes for a token. */
const variable = "\ue000\ue000\ue000\ue000\ue000\ue000\ue000\ue000";

/** Whether a told text is the declared one, or what the sensor made of it. @param before - the declared word before, which may say that this is a secret. */
function isSameText(told: string, pieces: readonly string[], before: string, forbidden: RegExp | undefined): boolean {
  if (isFilled(told, pieces, forbidden)) return true;
  if (!told.includes(hidden)) return false;
  const hasVariables = pieces.length > 1;
  return redactedForms(pieces.join(variable), before).some((form) =>
    isFilled(told, hasVariables ? form.split(variable) : [form], forbidden),
  );
}

/** What sources make of an argument that they know on its own, with the one before it, or as the value of an option that is for secrets. */
function redactedForms(declared: string, before: string): readonly string[] {
  const forms = [redact(declared)];
  const both = redact(`${before} ${declared}`);
  if (both.startsWith(`${before} `)) forms.push(both.slice(before.length + 1));
  if (isSecretOption(before) && !declared.startsWith("-")) forms.push(hidden);
  const value = declared.indexOf("=") + 1;
  if (value > 0 && isSecretOption(declared.slice(0, value - 1))) forms.push(declared.slice(0, value) + hidden);
  return forms;
}

function isSecretOption(word: string): boolean {
  return word.startsWith("-") && !word.includes("=") && !word.includes(" ") && isSecretName(word);
}

function isFilled(text: string, pieces: readonly string[], forbidden: RegExp | undefined): boolean {
  return pieces.length === 1 ? text === pieces[0] : isAround(text, pieces, forbidden);
}

/** Whether the text is these pieces in order, with anything, or nothing that is forbidden, between them. */
function isAround(text: string, pieces: readonly string[], forbidden: RegExp | undefined): boolean {
  const last = pieces.length - 1;
  let at = 0;
  for (const [index, piece] of pieces.entries()) {
    const found = index === 0 ? 0 : index === last ? text.length - piece.length : text.indexOf(piece, at);
    if (found < at || !text.startsWith(piece, found)) return false;
    if (forbidden?.test(text.slice(at, found)) === true) return false;
    at = found + piece.length;
  }
  return true;
}

/** Fewer characters of a text that was cut could be the beginning of too much else. */
const fewestCharacters = 200;

function isStartOf(text: string, pieces: readonly (readonly string[])[]): boolean {
  if (text.length < fewestCharacters) return false;
  const [declared = ""] = joined(pieces, true);
  // The quote that closes an argument comes behind what was left of it.
  const start = text.endsWith('"') ? text.slice(0, -1) : text;
  return declared.startsWith(start) || (start.includes(hidden) && redact(declared).startsWith(start));
}

function isText(args: string, pieces: readonly (readonly string[])[], word: string, path: string): boolean {
  const text = args.trimStart();
  // The values of variables may have spaces, and the arguments quotes then.
  return [false, true].some((isQuoted) => {
    const own = joined(pieces, isQuoted);
    if (isSameText(text, own, "", shellWords)) return true;
    const end = text.includes(" ") ? text.indexOf(" ") : text.length;
    const script = text.slice(0, end);
    if (!isScriptName(script, word, path)) return false;
    const isAlone = own.length === 1 && own[0] === "";
    return isSameText(text, isAlone ? [script] : [`${script} ${own[0]!}`, ...own.slice(1)], "", shellWords); // never empty
  });
}

/** All arguments in one text, as Tetragon has it, still in pieces around references. */
function joined(args: readonly (readonly string[])[], isQuoted: boolean): readonly string[] {
  const whole: string[] = [""];
  for (const [index, pieces] of args.entries()) {
    const quote = pieces.some((piece) => piece.includes(" ")) || (isQuoted && pieces.length > 1) ? '"' : "";
    whole[whole.length - 1] += `${index === 0 ? "" : " "}${quote}${pieces[0]!}`; // never empty
    whole.push(...pieces.slice(1));
    whole[whole.length - 1] += quote;
  }
  return whole;
}
