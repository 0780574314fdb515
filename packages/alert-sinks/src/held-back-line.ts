import type { HeldBackWindow } from "./alert-budget.ts";

/** What one write of a held-back journal holds. @internal */
export interface HeldBackLine {
  readonly windows: readonly HeldBackWindow[];
  /** Windows that were told, or became part of others. */
  readonly gone: readonly string[];
  /** Beginnings of the ids of alerts that are counted in the windows. */
  readonly ids: readonly string[];
}

/** False for what another version wrote, or somebody else: nothing of it may reach the books. @internal */
export function isHeldBackLine(record: unknown): record is HeldBackLine {
  const { windows, gone, ids } = (record ?? {}) as Partial<Record<keyof HeldBackLine, unknown>>;
  return Array.isArray(windows) && windows.every(isWindow) && isTexts(gone) && isTexts(ids);
}

function isWindow(value: unknown): boolean {
  const {
    id,
    namespace,
    clusterName,
    nodeName,
    fromMs,
    passed,
    heldBack,
    rules,
    severity = 1,
  } = (value ?? {}) as Partial<Record<keyof HeldBackWindow, unknown>>;
  if (!isTexts([id, namespace, clusterName, nodeName])) return false;
  if (!Number.isFinite(fromMs) || typeof rules !== "object" || rules === null) return false;
  // Absent in what an earlier version wrote.
  if (!Number.isFinite(severity)) return false;
  return [passed, heldBack, ...Object.values(rules)].every((count) => Number.isSafeInteger(count));
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}
