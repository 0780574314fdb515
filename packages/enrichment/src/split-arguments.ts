/**
 * Takes Tetragon's one string of arguments apart.
 *
 * @returns undefined when more than one argument vector could have led to this string.
 * @internal
 */
export function trySplitArguments(text: string): readonly string[] | undefined {
  if (text === "") return [];
  return /["'\\]/.test(text) ? undefined : text.split(" ");
}
