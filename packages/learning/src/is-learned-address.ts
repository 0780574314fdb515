/** False for an address that is no peer: the container itself, or none at all. No allocation. @internal */
export function isLearnedAddress(address: string): boolean {
  if (address === "" || address === "0.0.0.0" || address === "::" || address === "::1") return false;
  return !address.startsWith("127.") && !address.startsWith("::ffff:127.");
}
