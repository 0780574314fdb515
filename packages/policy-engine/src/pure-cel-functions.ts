import type { CelFunctions } from "./cel-functions.ts";
import { resolvePath } from "./resolve-path.ts";

/**
 * Implementations of the declared functions that need nothing but their arguments.
 *
 * - `parse.get_exec_path(args, comm, exepath?)`: the first of exepath, first argument, comm that is not empty.
 * - `parse.resolve_path(path, cwd)`: the absolute path without `.`, `..` and empty parts, `/proc/PID/root` as the root, `/proc/PID/cwd` as `cwd`.
 * - `net.is_private_ip(ip)`: loopback, 10/8, 172.16/12, 192.168/16, 169.254/16, 224/4, 240/4; for IPv6 loopback, unique local,
 *   link-local, multicast and IPv4-mapped forms of the above. Anything that is not an address is false.
 *
 * @public
 */
export const pureCelFunctions: CelFunctions = {
  "parse.get_exec_path": (args, comm, exepath) => {
    if (exepath !== undefined && exepath !== "") return exepath;
    const first = args[0];
    return first !== undefined && first !== "" ? first : comm;
  },
  "parse.resolve_path": resolvePath,
  "net.is_private_ip": (ip) => isPrivateIp(ip),
};

function isPrivateIp(ip: string): boolean {
  return ip.includes(":") ? isPrivateIpv6(ip) : isPrivateIpv4(ip);
}

/** Asked for every connection: by character, so that nothing is allocated. */
function isPrivateIpv4(ip: string): boolean {
  const bytes = parseIpv4(ip, 0);
  if (bytes === undefined) return false;
  const first = bytes >>> 24;
  const second = (bytes >>> 16) & 0xff;
  // The last comparison covers 224/4 (multicast) and 240/4 (reserved) at once.
  return (
    first === 10 ||
    first === 127 ||
    (first === 172 && second >= 16 && second <= 31) ||
    (first === 192 && second === 168) ||
    (first === 169 && second === 254) ||
    first >= 224
  );
}

/** The 32 bits of the address from `start` to the end of the text; a signed number, because V8 allocates larger ones. */
function parseIpv4(text: string, start: number): number | undefined {
  let address = 0;
  let part = -1;
  let digits = 0;
  let parts = 0;
  for (let at = start; at <= text.length; at++) {
    const code = at === text.length ? 46 : text.charCodeAt(at);
    if (code >= 48 && code <= 57 && digits < 3) {
      part = (part < 0 ? 0 : part * 10) + code - 48;
      digits++;
    } else if (code === 46 && part >= 0 && part <= 255) {
      address = (address << 8) | part;
      parts++;
      part = -1;
      digits = 0;
    } else return undefined;
  }
  return parts === 4 ? address : undefined;
}

function isPrivateIpv6(ip: string): boolean {
  const groups = parseIpv6(ip);
  if (groups === undefined) return false;
  const head = groups[0] ?? 0;
  const isLowZero = groups.slice(0, 5).every((group) => group === 0);
  if (isLowZero && groups[5] === 0xffff) {
    const high = groups[6] ?? 0;
    const low = groups[7] ?? 0;
    return isPrivateIpv4(`${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`);
  }
  if (isLowZero && groups[5] === 0 && groups[6] === 0 && groups[7] === 1) return true;
  return (head & 0xfe00) === 0xfc00 || (head & 0xffc0) === 0xfe80 || (head & 0xff00) === 0xff00;
}

/** The eight groups of an IPv6 address, or undefined when it is none. Zones (`%eth0`) are not addresses of a peer. */
function parseIpv6(ip: string): readonly number[] | undefined {
  let text = ip;
  const dotted = text.lastIndexOf(":");
  if (text.includes(".")) {
    const address = parseIpv4(text, dotted + 1);
    if (address === undefined) return undefined;
    const high = address >>> 16;
    const low = address & 0xffff;
    text = `${text.slice(0, dotted + 1)}${high.toString(16)}:${low.toString(16)}`;
  }
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const left = splitGroups(halves[0] ?? "");
  const right = halves.length === 2 ? splitGroups(halves[1] ?? "") : [];
  if (left === undefined || right === undefined) return undefined;
  const missing = 8 - left.length - right.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  return [...left, ...Array.from({ length: missing }, () => 0), ...right];
}

function splitGroups(text: string): number[] | undefined {
  if (text === "") return [];
  const groups = text.split(":");
  if (groups.some((group) => !/^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return groups.map((group) => Number.parseInt(group, 16));
}
