/** Stands for exactly one segment, argument or label. */
const ONE = "\u22ef";
const ANY_ARGUMENTS = "\u22ef\u22ef";
const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** `\u22ef` one segment; `*` between slashes zero or more, at the end one or more. @internal */
export function matchesPathPattern(pattern: string, path: string): boolean {
  return pattern === path || matchesParts(pattern.split("/"), path.split("/"), "*", true);
}

/** `\u22ef` one argument, `\u22ef\u22ef` zero or more, `*` itself. @internal */
export function matchesArguments(pattern: readonly string[], args: readonly string[]): boolean {
  return matchesParts(pattern, args, ANY_ARGUMENTS, false);
}

/** A path pattern behind a port; port 0 stands for any. @internal */
export function matchesEndpointPattern(pattern: string, endpoint: string): boolean {
  if (pattern.startsWith(":0/") && endpoint.startsWith(":")) {
    const slash = endpoint.indexOf("/");
    return slash !== -1 && matchesPathPattern(pattern.slice(2), endpoint.slice(slash));
  }
  return matchesPathPattern(pattern, endpoint);
}

/** Leading `*.` and inner `\u22ef` one label, trailing `.*` one or more. @internal */
export function matchesDomainPattern(pattern: string, domain: string): boolean {
  const labels = labelsOf(pattern);
  const asked = labelsOf(domain);
  if (pattern === "*" || labels.includes("**") || asked.includes("")) return false;
  const isOpen = labels.length > 1 && labels.at(-1) === "*";
  if (isOpen ? asked.length < labels.length : asked.length !== labels.length) return false;
  return labels.every(
    (label, index) =>
      label === ONE || (label === "*" && (index === 0 || index === labels.length - 1)) || label === asked[index],
  );
}

/** An address, a CIDR block or `*`. @internal */
export function matchesAddressBlock(block: string, address: string): boolean {
  if (block === "*" || block === address) return true;
  const slash = block.indexOf("/");
  const bits = addressBits(slash === -1 ? block : block.slice(0, slash));
  const asked = addressBits(address);
  if (bits === undefined || asked === undefined || bits.width !== asked.width) return false;
  const length = slash === -1 ? bits.width : Number(block.slice(slash + 1));
  if (!Number.isInteger(length) || length < 0 || length > bits.width) return false;
  const shift = BigInt(bits.width - length);
  return bits.value >> shift === asked.value >> shift;
}

function labelsOf(name: string): readonly string[] {
  const lower = name.toLowerCase();
  return (lower.endsWith(".") ? lower.slice(0, -1) : lower).split(".");
}

/** One pass with one place to come back to: no pattern takes more than pattern × text steps. */
function matchesParts(
  pattern: readonly string[],
  parts: readonly string[],
  any: string,
  needsOneAtEnd: boolean,
): boolean {
  let p = 0;
  let t = 0;
  let backPattern = -1;
  let backText = -1;
  while (t < parts.length) {
    const want = pattern[p];
    if (p < pattern.length && want === any) {
      backPattern = p;
      backText = t;
      p += 1;
      if (needsOneAtEnd && p === pattern.length) return parts[t] !== "" || t < parts.length - 1;
    } else if (p < pattern.length && ((want === ONE && parts[t] !== "") || want === parts[t])) {
      p += 1;
      t += 1;
    } else if (backPattern >= 0) {
      backText += 1;
      t = backText;
      p = backPattern + 1;
    } else return false;
  }
  while (p < pattern.length && pattern[p] === any && !(needsOneAtEnd && p === pattern.length - 1)) p += 1;
  return p === pattern.length;
}

function addressBits(address: string): { readonly value: bigint; readonly width: 32 | 128 } | undefined {
  const plain = /^::ffff:(?=\d+\.)/i.test(address) ? address.slice(7) : address;
  const four = IPV4.exec(plain);
  if (four !== null) {
    let value = 0n;
    for (const part of four.slice(1)) {
      if (Number(part) > 255) return undefined;
      value = (value << 8n) | BigInt(part);
    }
    return { value, width: 32 };
  }
  return sixBits(plain);
}

function sixBits(address: string): { readonly value: bigint; readonly width: 128 } | undefined {
  const halves = address.split("::");
  if (halves.length > 2 || !address.includes(":")) return undefined;
  const groups = (text: string | undefined): string[] => (text === undefined || text === "" ? [] : text.split(":"));
  const head = groups(halves[0]);
  const tail = groups(halves[1]);
  const gap = 8 - head.length - tail.length;
  if (halves.length === 1 ? gap !== 0 : gap < 1) return undefined;
  let value = 0n;
  for (const group of [...head, ...Array.from({ length: gap }, () => "0"), ...tail]) {
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined;
    value = (value << 16n) | BigInt(`0x${group}`);
  }
  return { value, width: 128 };
}
