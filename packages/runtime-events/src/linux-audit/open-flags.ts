const accessModes: readonly string[] = ["O_RDONLY", "O_WRONLY", "O_RDWR"];

/** The same on every machine here; O_SYNC and O_TMPFILE contain another flag and come before it. */
const commonFlags: readonly (readonly [string, number])[] = [
  ["O_CREAT", 0x40],
  ["O_EXCL", 0x80],
  ["O_NOCTTY", 0x1_00],
  ["O_TRUNC", 0x2_00],
  ["O_APPEND", 0x4_00],
  ["O_NONBLOCK", 0x8_00],
  ["O_SYNC", 0x10_10_00],
  ["O_DSYNC", 0x10_00],
  ["O_ASYNC", 0x20_00],
  ["O_NOATIME", 0x4_00_00],
  ["O_CLOEXEC", 0x8_00_00],
  ["O_PATH", 0x20_00_00],
];

/** Four flags changed places between the machines. */
const x86Flags: readonly (readonly [string, number])[] = [
  ["O_DIRECT", 0x40_00],
  ["O_TMPFILE", 0x41_00_00],
  ["O_DIRECTORY", 0x1_00_00],
  ["O_NOFOLLOW", 0x2_00_00],
];
const armFlags: readonly (readonly [string, number])[] = [
  ["O_DIRECT", 0x1_00_00],
  ["O_TMPFILE", 0x40_40_00],
  ["O_DIRECTORY", 0x40_00],
  ["O_NOFOLLOW", 0x80_00],
];

/**
 * Names of the flags of an `open`, the access mode first; bits without a name are left out.
 *
 * @param arch - as the record gives it.
 * @internal
 */
export function openFlagNames(flags: number, arch: string): readonly string[] {
  if (flags < 0) return [];
  const names = [accessModes[flags & 3] ?? "O_RDWR"];
  let rest = flags;
  for (const table of [commonFlags, arch === "c00000b7" || arch === "40000028" ? armFlags : x86Flags]) {
    for (const [name, bits] of table) {
      if ((rest & bits) !== bits) continue;
      names.push(name);
      rest &= ~bits;
    }
  }
  return names;
}
