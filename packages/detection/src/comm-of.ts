/**
 * The name of a process whose program is at this path: the kernel keeps 15 bytes of the file name.
 *
 * @internal
 */
export function commOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).slice(0, 15);
}
