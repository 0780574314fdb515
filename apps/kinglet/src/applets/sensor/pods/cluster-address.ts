/** RFC 1918, and the range that some clouds give to pods (RFC 6598). */
const PRIVATE_IPV4 =
  /^(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))(?:\.\d{1,3}){2,3}$/;
/** RFC 4193. */
const UNIQUE_LOCAL_IPV6 = /^f[cd][\da-f]{2}:[\da-f:.]*$/i;
/** A socket of both families names an IPv4 peer in the form of IPv6. */
const MAPPED = "::ffff:";

/**
 * The address as the cluster writes it, when pods and services have such addresses: only those of private networks are asked about.
 *
 * Called once per conversation; no allocation but for IPv4 in the form of IPv6.
 *
 * @returns undefined for addresses that are not private; what is returned has no characters but digits, letters, dots and colons.
 *
 * @internal
 */
export function clusterAddress(address: string): string | undefined {
  const plain = address.startsWith(MAPPED) ? address.slice(MAPPED.length) : address;
  return PRIVATE_IPV4.test(plain) || UNIQUE_LOCAL_IPV6.test(plain) ? plain : undefined;
}
