import { escaped, fieldText, lineLimits, quoted, type Budget } from "./field-text.ts";
import type { LogFields, LogLevel } from "./logger.ts";

/** Turns one call into one line without its line feed. */
export type FormatLine = (
  timeMs: number,
  module: string,
  level: LogLevel,
  message: string,
  fields?: LogFields,
) => string;

const names: Readonly<Record<LogLevel, string>> = {
  fatal: "Fatal",
  error: "Error",
  warn: "Warn",
  info: "Info",
  debug: "Debug",
};

const colors: Readonly<Record<LogLevel, string>> = {
  fatal: "\u001b[1;31m",
  error: "\u001b[31m",
  warn: "\u001b[33m",
  info: "\u001b[36m",
  debug: "\u001b[2m",
};

/**
 * `{"time":"…Z","level":"info","name":"module","msg":"text","field":…}`; fields that would hide one of the four own keys get
 * an underscore in front.
 *
 * @internal
 */
export function formatJson(
  timeMs: number,
  module: string,
  level: LogLevel,
  message: string,
  fields?: LogFields,
): string {
  let line = `{"time":"${new Date(timeMs).toISOString()}","level":"${level}","name":${quoted(module, 128)},"msg":${quoted(message, lineLimits.maxMessage)}`;
  if (fields !== undefined) {
    const budget: Budget = { left: lineLimits.maxFields };
    for (const name of fieldNames(fields)) {
      if (budget.left <= 0) {
        line += ',"truncated":true';
        break;
      }
      const isTaken = name === "time" || name === "level" || name === "name" || name === "msg" || name === "truncated";
      line += `,${quoted(isTaken ? `_${name}` : name, 128)}:${readField(fields, name, budget)}`;
    }
  }
  return `${line}}`;
}

/**
 * `module: 2023/07/26 13:49:37.864000 Info: text key=value`; values that are not one plain word are JSON. Local time.
 *
 * @internal
 */
export function createConsoleFormat(color: boolean): FormatLine {
  let second = Number.NaN;
  let secondText = "";
  return (timeMs, module, level, message, fields) => {
    const nowSecond = Math.floor(timeMs / 1000);
    if (nowSecond !== second) {
      second = nowSecond;
      secondText = localTime(new Date(nowSecond * 1000));
    }
    const micros = String(Math.floor((timeMs - nowSecond * 1000) * 1000)).padStart(6, "0");
    const label = color ? `${colors[level]}${names[level]}:\u001b[0m` : `${names[level]}:`;
    let line = `${escaped(module, 128, false)}: ${secondText}.${micros} ${label} ${escaped(message, lineLimits.maxMessage, false)}`;
    if (fields !== undefined) {
      const budget: Budget = { left: lineLimits.maxFields };
      for (const name of fieldNames(fields)) {
        if (budget.left <= 0) {
          line += " ...";
          break;
        }
        line += ` ${plain(quoted(name, 128))}=${plain(readField(fields, name, budget))}`;
      }
    }
    return line;
  };
}

/** A proxy may refuse to list its keys. */
function fieldNames(fields: LogFields): readonly string[] {
  try {
    return Object.keys(fields);
  } catch {
    return [];
  }
}

function readField(fields: LogFields, name: string, budget: Budget): string {
  let value: unknown;
  try {
    value = fields[name];
  } catch {
    // A getter of the caller threw; the line matters more than this value.
    value = "[unreadable]";
  }
  return fieldText(name, value, budget);
}

function plain(json: string): string {
  return /^"[\w./:@%+,[\]()-]+"$/.test(json) ? json.slice(1, -1) : json;
}

function localTime(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${date.getFullYear()}/${two(date.getMonth() + 1)}/${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
