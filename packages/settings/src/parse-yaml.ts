import { parse } from "yaml";

/**
 * One YAML document as plain data. Aliases are limited, so that a small file cannot become a huge value; keys that occur twice are
 * an error.
 *
 * @throws when the text is not YAML; the first line of the message says where.
 */
export function parseYaml(text: string): unknown {
  return parse(text, { schema: "core", maxAliasCount: 100, logLevel: "error", uniqueKeys: true }) as unknown;
}
