import { BlockList, isIPv4, isIPv6 } from "node:net";
import { traversalCost, type OverloadDefinition } from "./cel-overload.ts";
import { CelFault, CelOpaque } from "./cel-values.ts";

/** The extensions for addresses and URLs. */
export function addressFunctions(): readonly OverloadDefinition[] {
  return [...addresses(), ...ranges(), ...urls()];
}

function addresses(): OverloadDefinition[] {
  const text = (value: unknown): string => String((value as CelOpaque).content);
  return [
    {
      signature: "ip(string): IP",
      call: ([value]) => new CelOpaque("IP", parseAddress(String(value))),
      cost: traversalCost,
    },
    {
      signature: "isIP(string): bool",
      call: ([value]) => canonicalAddress(String(value)) !== undefined,
      cost: traversalCost,
    },
    {
      signature: "@ip.isCanonical(string): bool",
      call: ([value]) => parseAddress(String(value)) === value,
      cost: traversalCost,
    },
    { signature: "IP.family(): int", call: ([value]) => (isIPv4(text(value)) ? 4n : 6n) },
    { signature: "IP.isUnspecified(): bool", call: ([value]) => ["0.0.0.0", "::"].includes(text(value)) },
    {
      signature: "IP.isLoopback(): bool",
      call: ([value]) => isWithin(text(value), "127.0.0.0", 8) || text(value) === "::1",
    },
    {
      signature: "IP.isLinkLocalMulticast(): bool",
      call: ([value]) => isWithin(text(value), "224.0.0.0", 24) || isWithin(text(value), "ff02::", 16),
    },
    {
      signature: "IP.isLinkLocalUnicast(): bool",
      call: ([value]) => isWithin(text(value), "169.254.0.0", 16) || isWithin(text(value), "fe80::", 10),
    },
    { signature: "IP.isGlobalUnicast(): bool", call: ([value]) => isGlobalUnicast(text(value)) },
  ];
}

interface AddressRange {
  readonly address: string;
  readonly bits: number;
  toString(): string;
}

function ranges(): OverloadDefinition[] {
  const range = (value: unknown): AddressRange => (value as CelOpaque<AddressRange>).content;
  const contains = (outer: AddressRange, address: string): boolean => isWithin(address, outer.address, outer.bits);
  const containsRange = (outer: AddressRange, inner: AddressRange): boolean =>
    inner.bits >= outer.bits && contains(outer, inner.address);
  return [
    {
      signature: "cidr(string): CIDR",
      call: ([value]) => new CelOpaque("CIDR", parseRange(String(value))),
      cost: traversalCost,
    },
    { signature: "isCIDR(string): bool", call: ([value]) => isRange(String(value)), cost: traversalCost },
    {
      signature: "CIDR.containsIP(IP): bool",
      call: ([outer, inner]) => contains(range(outer), String((inner as CelOpaque).content)),
    },
    {
      signature: "CIDR.containsIP(string): bool",
      call: ([outer, inner]) => contains(range(outer), parseAddress(String(inner))),
    },
    { signature: "CIDR.containsCIDR(CIDR): bool", call: ([outer, inner]) => containsRange(range(outer), range(inner)) },
    {
      signature: "CIDR.containsCIDR(string): bool",
      call: ([outer, inner]) => containsRange(range(outer), parseRange(String(inner))),
    },
    { signature: "CIDR.ip(): IP", call: ([value]) => new CelOpaque("IP", range(value).address) },
    { signature: "CIDR.prefixLength(): int", call: ([value]) => BigInt(range(value).bits) },
    {
      signature: "CIDR.masked(): CIDR",
      call: ([value]) => new CelOpaque("CIDR", createRange(masked(range(value)), range(value).bits)),
    },
  ];
}

function urls(): OverloadDefinition[] {
  const url = (value: unknown): ParsedUrl => (value as CelOpaque<ParsedUrl>).content;
  return [
    {
      signature: "url(string): URL",
      call: ([value]) => new CelOpaque("URL", parseUrl(String(value))),
      cost: traversalCost,
    },
    { signature: "isURL(string): bool", call: ([value]) => isUrl(String(value)), cost: traversalCost },
    { signature: "URL.getScheme(): string", call: ([value]) => url(value).scheme },
    { signature: "URL.getHost(): string", call: ([value]) => url(value).host },
    {
      signature: "URL.getHostname(): string",
      call: ([value]) =>
        url(value)
          .host.replace(/:\d*$/, "")
          .replace(/^\[|\]$/g, ""),
    },
    {
      signature: "URL.getPort(): string",
      call: ([value]) => /:(\d*)$/.exec(url(value).host.replace(/^\[.*\]/, ""))?.[1] ?? "",
    },
    { signature: "URL.getEscapedPath(): string", call: ([value]) => url(value).path },
    { signature: "URL.getQuery(): map(string, list(string))", call: ([value]) => url(value).query },
  ];
}

interface ParsedUrl {
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: ReadonlyMap<string, readonly string[]>;
}

function parseUrl(text: string): ParsedUrl {
  const match = /^(?:([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/(?:[^@/?#]*@)?([^/?#]*))?)?([^?#]*)(?:\?(.*))?$/s.exec(text);
  const isAbsolute = match?.[1] !== undefined || text.startsWith("/");
  if (match === null || !isAbsolute || /[\u0000-\u0020\u007f]/.test(text)) {
    throw new CelFault(
      `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
    );
  }
  const query = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(match[4] ?? "")) query.set(name, [...(query.get(name) ?? []), value]);
  return { scheme: (match[1] ?? "").toLowerCase(), host: match[2] ?? "", path: match[3] ?? "", query };
}

function isUrl(text: string): boolean {
  try {
    parseUrl(text);
    return true;
  } catch {
    // The question is whether it can be parsed.
    return false;
  }
}

function parseAddress(text: string): string {
  const address = canonicalAddress(text);
  if (address === undefined)
    throw new CelFault(`IP Address ${JSON.stringify(text)} parse error during conversion from string`);
  return address;
}

/** The shortest form; undefined when the text is no address, has a zone, or is a v4 address written as v6. */
function canonicalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || text.includes("%") || /^(0*:){0,6}:?ffff:\d+\.\d+\.\d+\.\d+$/i.test(text)) return undefined;
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}

function isRange(text: string): boolean {
  const [address = "", bits = "", ...rest] = text.split("/");
  if (rest.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(bits)) return false;
  const canonical = canonicalAddress(address);
  return canonical !== undefined && Number(bits) <= (isIPv4(canonical) ? 32 : 128);
}

function parseRange(text: string): AddressRange {
  if (!isRange(text))
    throw new CelFault(`network address parse error during conversion from string: ${JSON.stringify(text)}`);
  const [address = "", bits = ""] = text.split("/");
  return createRange(parseAddress(address), Number(bits));
}

function createRange(address: string, bits: number): AddressRange {
  return { address, bits, toString: () => `${address}/${bits}` };
}

function isWithin(address: string, network: string, bits: number): boolean {
  const family = isIPv4(network) ? "ipv4" : "ipv6";
  if ((isIPv4(address) ? "ipv4" : "ipv6") !== family) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, family);
  return list.check(address, family);
}

function isGlobalUnicast(address: string): boolean {
  if (address === "255.255.255.255" || address === "0.0.0.0" || address === "::" || address === "::1") return false;
  const others: readonly (readonly [string, number])[] = [
    ["127.0.0.0", 8],
    ["224.0.0.0", 4],
    ["169.254.0.0", 16],
    ["fe80::", 10],
    ["ff00::", 8],
  ];
  return !others.some(([network, bits]) => isWithin(address, network, bits));
}

function masked(range: AddressRange): string {
  if (isIPv4(range.address)) {
    const value = range.address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
    const size = 2 ** (32 - range.bits);
    const start = Math.floor(value / size) * size;
    return [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256).join(".");
  }
  const groups = expand(range.address);
  const kept = groups.map((group, index) => {
    const bits = Math.min(16, Math.max(0, range.bits - index * 16));
    return group & (0xff_ff << (16 - bits)) & 0xff_ff;
  });
  return parseAddress(kept.map((group) => group.toString(16)).join(":"));
}

function expand(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const numbers = (text: string): number[] =>
    text === "" ? [] : text.split(":").map((part) => Number.parseInt(part, 16));
  const left = numbers(head);
  const right = tail === undefined ? [] : numbers(tail);
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
}
