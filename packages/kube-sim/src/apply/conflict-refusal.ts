import type { ApiRefusal } from "../refusals/api-refusal.ts";
import { refusal } from "../refusals/refusals.ts";
import type { FieldConflict } from "./field-ownership.ts";
import { showPath } from "./field-set.ts";

/** 409 with one cause per field that somebody else owns with another value. */
export function conflictRefusal(conflicts: readonly FieldConflict[]): ApiRefusal {
  const causes = conflicts.map((conflict) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${showManager(conflict)}`,
    field: showPath(conflict.path),
  }));
  return refusal(409, "Conflict", describe(conflicts), { details: { causes } });
}

function describe(conflicts: readonly FieldConflict[]): string {
  const [first] = conflicts;
  if (first !== undefined && conflicts.length === 1) {
    return `Apply failed with 1 conflict: conflict with ${showManager(first)}: ${showPath(first.path)}`;
  }
  const byManager = new Map<string, string[]>();
  for (const conflict of conflicts) {
    const name = showManager(conflict);
    const lines = byManager.get(name);
    if (lines === undefined) byManager.set(name, [`- ${showPath(conflict.path)}`]);
    else lines.push(`- ${showPath(conflict.path)}`);
  }
  const blocks = [...byManager]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, lines]) => [`conflicts with ${name}:`, ...lines].join("\n"));
  return `Apply failed with ${conflicts.length} conflicts: ${blocks.join("\n")}`;
}

/** Appliers by name; updaters also by the version they used. */
function showManager({ entry }: FieldConflict): string {
  const name = JSON.stringify(entry.manager);
  const subresource = entry.subresource === "" ? "" : ` with subresource ${JSON.stringify(entry.subresource)}`;
  return entry.operation === "Update" ? `${name}${subresource} using ${entry.apiVersion}` : `${name}${subresource}`;
}
