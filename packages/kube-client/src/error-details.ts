/**
 * What a coded error is about; nothing of any other value.
 *
 * Not by `instanceof`: parts of a program that lie in files of their own have classes of their own.
 */
export function detailsOf(error: unknown): Readonly<Record<string, unknown>> {
  return (error as { readonly details?: Readonly<Record<string, unknown>> } | null | undefined)?.details ?? {};
}
