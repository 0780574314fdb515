import { escapeJson } from "@kinglet/alert-sinks";
import { stringify } from "yaml";

/**
 * A document as YAML for people and kubectl. Where a text in it has characters that a terminal acts on, every text is quoted and those are
 * written as `\uXXXX`: paths and arguments are a container's to choose.
 *
 * @internal
 */
export function toYaml(document: unknown): string {
  const options = { aliasDuplicateObjects: false, lineWidth: 0 } as const;
  const plain = stringify(document, options);
  if (escapeLines(plain) === plain) return plain;
  return escapeLines(stringify(document, { ...options, defaultStringType: "QUOTE_DOUBLE" }));
}

/** As {@link toYaml}, as JSON. @internal */
export function toJson(document: unknown): string {
  return escapeLines(`${JSON.stringify(document, null, 2)}\n`);
}

/** Line ends are the writers' own: in a text they are escaped already. */
function escapeLines(text: string): string {
  return text.split("\n").map(escapeJson).join("\n");
}
