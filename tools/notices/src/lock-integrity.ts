/**
 * SHA-512 of each package as the lock file pins it, hexadecimal, by `name@version`.
 *
 * Reads the two lines that pnpm writes per package (`name@version:` and its `resolution`); everything else is passed over.
 */
export function lockIntegrity(lockfile: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const pattern =
    /^ {2}'?((?:@[^/\s']+\/)?[^@\s']+@[^:\s'(]+)'?:\n {4}resolution: \{integrity: sha512-([A-Za-z0-9+/=]+)/gm;
  for (const [, name = "", digest = ""] of lockfile.matchAll(pattern)) {
    found.set(name, Buffer.from(digest, "base64").toString("hex"));
  }
  return found;
}
