import type { WorkloadContainer } from "../workload/workload.ts";

/** Characters of a value that a message repeats. */
const maxQuoted = 200;

/** In double quotes, on one line, shortened with `…`: values come from whoever wrote the object. @internal */
export function quoted(text: string): string {
  const shown = text.length > maxQuoted ? `${text.slice(0, maxQuoted)}…` : text;
  return JSON.stringify(shown).replaceAll(/[\u007f-\u009f\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** A list in quotes; at most ten, then how many more. @internal */
export function quotedList(items: readonly string[]): string {
  const shown = items.slice(0, 10).map(quoted).join(", ");
  return items.length > 10 ? `${shown} and ${items.length - 10} more` : shown;
}

/** `container "web"`, `init container "setup"`. @internal */
export function named(container: WorkloadContainer | undefined): string {
  if (container === undefined) return "a container";
  const kind = container.type === "REGULAR" ? "" : `${container.type.toLowerCase()} `;
  return `${kind}container ${quoted(container.name)}`;
}

/** A time in UTC. @internal */
export function utc(timeMs: number | undefined): string {
  if (timeMs === undefined || !(Math.abs(timeMs) <= 8.64e15)) return "at an unknown time";
  return `${new Date(timeMs).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** At most three decimals. @internal */
export function decimal(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}
