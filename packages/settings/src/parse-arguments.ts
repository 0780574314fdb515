import type { Setting, SettingsSchema } from "./setting.ts";
import { toFlagName } from "./setting.ts";
import { nearest } from "./nearest.ts";

/** What a command line says, before any value is looked at. */
export interface ParsedArguments {
  /** Texts by key of the schema; several for a list whose flag is repeated, else the last one. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly positionals: readonly string[];
  readonly configPath: string | undefined;
  readonly printConfig: "text" | "json" | undefined;
  readonly problems: readonly string[];
}

/**
 * Flags: `--key value`, `--key=value`, `--flag`, `--no-flag`; `--` ends them. A repeated flag adds to a list or map and replaces anything
 * else. `--config` and `--print-config` belong to every program, and `--output` (text or json) unless the schema has its own.
 */
export function parseArguments(schema: SettingsSchema, argv: readonly string[]): ParsedArguments {
  const keys = new Map<string, string>();
  for (const key of Object.keys(schema)) keys.set(toFlagName(key), key);
  const flags = new Map<string, string[]>();
  const positionals: string[] = [];
  const problems: string[] = [];
  let configPath: string | undefined;
  let wantsConfig = false;
  let output = "text";

  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] as string;
    if (argument === "--") {
      positionals.push(...argv.slice(index + 1));
      break;
    }
    if (!argument.startsWith("-") || argument === "-") {
      positionals.push(argument);
      continue;
    }
    const equals = argument.indexOf("=");
    const name = argument.slice(argument.startsWith("--") ? 2 : 1, equals < 0 ? undefined : equals);
    const flag = argument.startsWith("--") ? `--${name}` : `-${name}`;
    const inline = equals < 0 ? undefined : argument.slice(equals + 1);
    const takeValue = (): string | undefined => {
      if (inline !== undefined) return inline;
      const next = argv[index + 1];
      if (next !== undefined && !next.startsWith("--")) {
        index++;
        return next;
      }
      problems.push(`${flag}: needs a value`);
      return undefined;
    };
    const key = flag.startsWith("--") ? keys.get(name) : undefined;
    const negatedKey = flag.startsWith("--no-") ? keys.get(name.slice(3)) : undefined;
    if (key !== undefined) {
      const node = schema[key] as Setting;
      const value = node.kind === "boolean" && inline === undefined ? "true" : takeValue();
      if (value === undefined) continue;
      const earlier = node.kind === "array" || node.kind === "map" ? flags.get(key) : undefined;
      if (earlier === undefined) flags.set(key, [value]);
      else earlier.push(value);
    } else if (negatedKey !== undefined && inline === undefined && schema[negatedKey]?.kind === "boolean") {
      flags.set(negatedKey, ["false"]);
    } else if (flag === "--config") {
      configPath = takeValue() ?? configPath;
    } else if (flag === "--print-config" && inline === undefined) {
      wantsConfig = true;
    } else if (flag === "--output" && (inline ?? argv[index + 1]) !== undefined) {
      output = takeValue() ?? output;
      if (output !== "text" && output !== "json")
        problems.push(`--output: must be one of text, json, got ${JSON.stringify(output)}`);
    } else {
      const known = [...keys.keys(), "config", "print-config", "help"];
      const meant = nearest(name.replace(/^no-/, ""), known);
      problems.push(`${flag.slice(0, 60)}: unknown flag${meant === undefined ? "" : `, did you mean --${meant}?`}`);
      // What follows an unknown flag is probably its value, not an argument of its own.
      const next = argv[index + 1];
      if (inline === undefined && next !== undefined && !next.startsWith("-")) index++;
    }
  }
  const isJson = output === "json" || flags.get("output")?.at(-1) === "json";
  return {
    flags,
    positionals,
    configPath,
    printConfig: wantsConfig ? (isJson ? "json" : "text") : undefined,
    problems,
  };
}

/**
 * True when the command line asks for help; look before loading, so that help works however wrong the rest is.
 *
 * @public
 */
export function wantsHelp(argv: readonly string[]): boolean {
  for (const argument of argv) {
    if (argument === "--") return false;
    if (argument === "--help" || argument === "-h") return true;
  }
  return false;
}
