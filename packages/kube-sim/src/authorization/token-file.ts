import { createError } from "@kinglet/errors";
import { kubeSimErrors } from "../errors.ts";
import type { SimUser } from "./user-info.ts";

/**
 * Parses a static token file: one line `token,user,uid[,"group,group"]` each, quoted as CSV is; lines without a token are left
 * out, the last of two lines with the same token counts.
 *
 * @param name - how the file is called in messages.
 * @throws KINGLET_ERR_KUBE_SIM_TOKEN_FILE
 * @see the flag `--token-auth-file` of kube-apiserver
 */
export function parseTokenFile(text: string, name: string): Map<string, SimUser> {
  const users = new Map<string, SimUser>();
  for (const { line, fields } of parseRecords(text, name)) {
    const [token = "", user = "", uid = "", groups] = fields;
    if (fields.length < 3) {
      const reason = `line ${line} has ${fields.length} of at least 3 columns (token, user name, user uid)`;
      throw createError(kubeSimErrors, "KINGLET_ERR_KUBE_SIM_TOKEN_FILE", { file: name, reason });
    }
    if (token === "") continue;
    users.set(token, { name: user, uid, groups: groups === undefined || groups === "" ? [] : groups.split(",") });
  }
  return users;
}

interface CsvRecord {
  /** Where it starts, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** RFC 4180: fields in quotes may hold commas, line breaks and doubled quotes. Blank lines are no records. */
function* parseRecords(text: string, name: string): Generator<CsvRecord> {
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const start = line;
    const fields: string[] = [];
    for (;;) {
      let field = "";
      if (text[at] === '"') {
        const end = findClosingQuote(text, at + 1);
        if (end === undefined) {
          const reason = `the quote opened in line ${start} is never closed`;
          throw createError(kubeSimErrors, "KINGLET_ERR_KUBE_SIM_TOKEN_FILE", { file: name, reason });
        }
        field = text.slice(at + 1, end).replaceAll('""', '"');
        line += countBreaks(field);
        at = end + 1;
      } else {
        const length = /^[^,\r\n]*/.exec(text.slice(at))?.[0].length ?? 0;
        field = text.slice(at, at + length);
        at += length;
      }
      fields.push(field);
      if (text[at] !== ",") break;
      at++;
    }
    const ending = /^\r?\n|^\r|^$/.exec(text.slice(at));
    if (ending === null) {
      const reason = `line ${line} goes on after a closing quote`;
      throw createError(kubeSimErrors, "KINGLET_ERR_KUBE_SIM_TOKEN_FILE", { file: name, reason });
    }
    at += ending[0].length;
    line++;
    if (fields.length > 1 || fields[0] !== "") yield { line: start, fields };
  }
}

function findClosingQuote(text: string, from: number): number | undefined {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) if (text[at + 1] !== '"') return at;
  return undefined;
}

function countBreaks(text: string): number {
  return text.split("\n").length - 1;
}
