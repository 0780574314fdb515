import type { DefinitionFile } from "./definition.ts";
import { toYaml } from "./to-yaml.ts";

/** The text of a file of `deploy/crds`. */
export function renderFile(file: DefinitionFile): string {
  return `${file.comment.map((line) => `# ${line}\n`).join("")}${toYaml(file.definition)}`;
}
