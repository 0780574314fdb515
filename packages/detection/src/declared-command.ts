// Asked for every execution that a rule asks the profile about; budget: one comparison of paths per declared word, no allocation.
import type { ExecEvent } from "@kinglet/enrichment";

/**
 * What an execution is held against its declaration by. `argv` is undefined when it cannot be told without guessing; its first word is the
 * process's to choose and never compared.
 *
 * @internal
 */
export type ReportedExecution = Pick<ExecEvent, "binary" | "argv" | "args" | "isTruncated">;

/**
 * Whether an execution is the command line that a pod's specification declares: the program, and every argument.
 *
 * - A word without a folder stands for a program of that name in any folder that only the image fills (not `/tmp`, `/dev`, `/proc` and the
 *   like, where a container writes and is read from); `/bin` and `/usr/bin` are one folder.
 * - A script is executed by its interpreter: its own path, with at most one word of the `#!` line before it, comes before the arguments.
 * - A wrapper (`tini -- /app/server --port 80`) executes the rest of its own words, from one with an absolute path on.
 * - `$(NAME)` stands for any text where `isExpanded`; behind `-c` for none that a shell would do more with than read it.
 * - What the sensor took out as a secret stands for the declared text in its place.
 * - Of a text that cannot be taken apart the declared one, joined in the same way, has to be equal; of one that was cut, at least 200
 *   characters have to be there and the declared one has to begin with them. Without arguments nothing is declared.
 *
 * Cost: linear in both command lines once the program fits, else a comparison a word.
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
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!; // at < length
    const isProgram =
      at === 0 ? isProgramOf(word, execution.binary) : word === execution.binary && word.startsWith("/");
    if (isProgram && hasArguments(words, at + 1, isExpanded, execution)) return true;
  }
  return false;
}

/** Where processes write or appear without an image's doing; a program there is not the one that a bare name means. */
const scratch = /^\/(?:tmp|var|dev|proc|sys|run|home|root|mnt|media)(?:\/|$)|^[^/]|^\/memfd:/;

function isProgramOf(word: string, path: string): boolean {
  if (word === path) return path !== "";
  if (word.startsWith("/")) return withoutUsr(word) === withoutUsr(path);
  if (word === "" || scratch.test(path)) return false;
  return path.endsWith(word.startsWith("./") ? word.slice(1) : `/${word}`);
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
    return execution.isTruncated ? isStartOf(execution.args, pieces) : isText(execution.args, pieces, path);
  const ownWords = argv.length - 1 - pieces.length;
  if (ownWords < 0 || ownWords > 2 || (ownWords > 0 && argv[ownWords] !== path)) return false;
  if (ownWords === 2 && !isInterpreterWord(argv[1]!, path)) return false; // 2 < argv.length
  for (let at = 0; at < pieces.length; at++) {
    const isProgramText = at > 0 && /^-\w*c$/.test(words[from + at - 1]!); // at - 1 < pieces.length
    if (!isSameText(argv[1 + ownWords + at]!, pieces[at]!, isProgramText ? shellWords : undefined)) return false; // both have that many
  }
  return true;
}

/** Options that shells and interpreters are started with in scripts; none of them makes the word behind it a program. */
const plainOption = /^-[efuxlE]{1,5}$/;
const interpreter = /^(?:(?:ba|da|a|k|z)?sh|python[\d.]*|node|perl|ruby|php)$/;

/** `#!/bin/sh -e`, `#!/usr/bin/env bash`. An interpreter itself is no script: `sh bash …` runs the file `bash`. */
function isInterpreterWord(word: string, path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (name === "env" || name === "busybox" || interpreter.test(name)) return false;
  return plainOption.test(word) || interpreter.test(word);
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

function isSameText(told: string, pieces: readonly string[], forbidden: RegExp | undefined): boolean {
  if (pieces.length > 1) return isAround(told, pieces, forbidden);
  const declared = pieces[0]!; // never empty
  return told === declared || (told.includes(hidden) && isAround(declared, told.split(hidden), undefined));
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
  return declared.startsWith(text.endsWith('"') ? text.slice(0, -1) : text);
}

function isText(text: string, pieces: readonly (readonly string[])[], path: string): boolean {
  // The values of variables may have spaces, and the arguments quotes then.
  return [false, true].some((isQuoted) => {
    const own = joined(pieces, isQuoted);
    const script = own.length === 1 && own[0] === "" ? [path] : [`${path} ${own[0]!}`, ...own.slice(1)]; // never empty
    return isSameText(text.trimStart(), own, shellWords) || isSameText(text.trimStart(), script, shellWords);
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
