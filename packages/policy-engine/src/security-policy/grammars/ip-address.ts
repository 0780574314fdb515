/** Four numbers from 0 to 255 without leading zeros. @internal */
export function isIpV4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255);
}

/**
 * An IPv6 address as RFC 4291 writes it, without zone; the last two groups may be an IPv4 address.
 *
 * By hand, since `node:net` costs memory at import.
 *
 * @internal
 */
export function isIpV6(text: string): boolean {
  if (text.length > 45) return false;
  const gap = text.indexOf("::");
  if (gap < 0) return countGroups(text) === 8;
  const before = countGroups(text.slice(0, gap));
  const after = countGroups(text.slice(gap + 2));
  return before >= 0 && after >= 0 && before + after <= 7 && !text.slice(0, gap).includes(".");
}

/** Groups of a part without gap, -1 when one is wrong. */
function countGroups(text: string): number {
  if (text === "") return 0;
  const groups = text.split(":");
  let count = 0;
  for (const [index, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) count += 1;
    else if (index === groups.length - 1 && isIpV4(group)) count += 2;
    else return -1;
  }
  return count;
}
