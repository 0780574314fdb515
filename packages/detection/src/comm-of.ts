/** Of the name of a process, bytes. */
const maxBytes = 15;

/**
 * The name of a process whose program is at this path: the kernel keeps 15 bytes of the file name, of which the last ones may be a part of a
 * character, and count for nothing here.
 *
 * @internal
 */
export function commOf(path: string): string {
  const start = path.lastIndexOf("/") + 1;
  let bytes = 0;
  for (let at = start; at < path.length; at++) {
    const code = path.charCodeAt(at);
    // The two halves of a character beyond 16 bits have two bytes each; they stay together.
    const isLead = code >= 0xd800 && code < 0xdc00;
    const size = code < 0x80 ? 1 : code < 0x800 ? 2 : isLead ? 4 : code >= 0xdc00 && code < 0xe000 ? 0 : 3;
    bytes += size;
    if (bytes > maxBytes) return path.slice(start, at);
  }
  return path.slice(start);
}
