import type { LocatedProblem, PolicySource } from "./read-policies.ts";

/** Longest line of a source that is shown. */
const maxLineLength = 160;
/** Names listed with a problem; criteria alone are 79. */
const maxPermitted = 12;

/** The problems of policies as compilers write them: place, level, what is wrong; then the line itself with a mark below. */
export function renderProblems(sources: readonly PolicySource[]): string {
  let text = "";
  // Thousands of policies may come from one file: it is divided once.
  let last = "";
  let lines: readonly string[] = [];
  for (const source of sources) {
    if (source.problems.length === 0) continue;
    if (source.text !== last) lines = source.text.split("\n");
    last = source.text;
    for (const problem of source.problems) text += renderProblem(source.file, problem, lines);
  }
  return text;
}

function renderProblem(file: string, problem: LocatedProblem, lines: readonly string[]): string {
  const { line, column, level, path, message, value, permitted, code } = problem;
  const where = path === "" ? "" : `${path} `;
  const found = value === "" ? "" : `, got ${JSON.stringify(value)}`;
  const head = `${printable(file)}:${line}:${column}: ${level}: ${where}${message}${found} (${code})\n`;
  return head + renderLine(lines[line - 1] ?? "", line, column) + renderPermitted(permitted, message);
}

function renderLine(source: string, line: number, column: number): string {
  const number = String(line).padStart(5);
  const shown = printable(source.slice(0, maxLineLength));
  const mark = column <= maxLineLength ? `      | ${" ".repeat(column - 1)}^\n` : "";
  return `${number} | ${shown}\n${mark}`;
}

function renderPermitted(permitted: readonly string[] | undefined, message: string): string {
  if (permitted === undefined || permitted.every((name) => message.includes(name))) return "";
  const more = permitted.length > maxPermitted ? `, … (${permitted.length} in all)` : "";
  return `        permitted: ${permitted.slice(0, maxPermitted).join(", ")}${more}\n`;
}

/** No control characters of a file reach the terminal; tabs become one blank so that the mark stays below its place. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, " ");
}
