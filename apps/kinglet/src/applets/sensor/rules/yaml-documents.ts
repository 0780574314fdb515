import { parseAllDocuments } from "yaml";

/**
 * Every document of a YAML file, as plain data.
 *
 * @throws when the text is not YAML; the message says where.
 *
 * @internal
 */
export function parseYamlDocuments(text: string, path: string): readonly unknown[] {
  const documents = parseAllDocuments(text, { schema: "core", logLevel: "error", uniqueKeys: true });
  if (!Array.isArray(documents)) return [];
  return documents.map((document) => {
    const [problem] = document.errors;
    if (problem !== undefined) throw new Error(`${path}: ${problem.message.split("\n", 1)[0] ?? ""}`);
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  });
}
