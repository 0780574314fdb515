/** Reads one level of untrusted JSON: a value of another type counts as absent. @internal */
export function recordAt(value: unknown, key: string): Readonly<Record<string, unknown>> | undefined {
  const field = isRecord(value) ? value[key] : undefined;
  return isRecord(field) ? field : undefined;
}

/** Empty when there is no text. @internal */
export function textAt(value: unknown, key: string): string {
  const field = isRecord(value) ? value[key] : undefined;
  return typeof field === "string" ? field : "";
}

/** Only the texts of a list. @internal */
export function textsAt(value: unknown, key: string): readonly string[] {
  return listAt(value, key).filter((item): item is string => typeof item === "string");
}

/** Empty when there is no list. @internal */
export function listAt(value: unknown, key: string): readonly unknown[] {
  const field = isRecord(value) ? value[key] : undefined;
  return Array.isArray(field) ? (field as readonly unknown[]) : [];
}

/** @internal */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
