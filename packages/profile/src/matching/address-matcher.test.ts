import { BlockList, isIP, isIPv4 } from "node:net";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { AddressMatcher } from "./address-matcher.ts";

/** Bits of an address, IPv4-mapped ones as IPv4, by way of text only. */
function bitsOf(address: string): { readonly family: 4 | 6; readonly bits: string } | undefined {
  if (isIP(address) === 0 || address.includes("%")) return undefined;
  if (isIPv4(address)) {
    return {
      family: 4,
      bits: address
        .split(".")
        .map((octet) => Number(octet).toString(2).padStart(8, "0"))
        .join(""),
    };
  }
  let text = address;
  const tail = /(\d+\.\d+\.\d+\.\d+)$/.exec(text)?.[1];
  if (tail !== undefined) {
    const [a, b, c, d] = tail.split(".").map(Number) as [number, number, number, number];
    text = `${text.slice(0, -tail.length)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  }
  const [left = "", right] = text.split("::");
  const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const head = groups(left);
  const end = right === undefined ? [] : groups(right);
  const all = [...head, ...Array.from({ length: 8 - head.length - end.length }, () => "0"), ...end];
  const bits = all.map((group) => Number.parseInt(group, 16).toString(2).padStart(16, "0")).join("");
  const mapped = "0".repeat(80) + "1".repeat(16);
  return bits.startsWith(mapped) ? { family: 4, bits: bits.slice(96) } : { family: 6, bits };
}

function addressMatchesObviously(entry: string, address: string): boolean {
  const actual = bitsOf(address);
  if (actual === undefined) return false;
  if (entry === "*") return true;
  const [base = "", length] = entry.split("/");
  const expected = bitsOf(base);
  if (expected === undefined || expected.family !== actual.family) return false;
  if (length === undefined) return expected.bits === actual.bits;
  const count = Number(length) - (expected.family === 4 && base.includes(":") ? 96 : 0);
  return expected.bits.slice(0, count) === actual.bits.slice(0, count);
}

const anyIpv4 = fc
  .tuple(...([0, 1, 2, 3] as const).map(() => fc.constantFrom(0, 1, 10, 127, 255)))
  .map((octets) => octets.join("."));
const anyGroup = fc.constantFrom("0", "1", "ffff", "FE80", "00ab");
const anyIpv6 = fc.oneof(
  fc.array(anyGroup, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(":")),
  fc
    .tuple(fc.array(anyGroup, { maxLength: 3 }), fc.array(anyGroup, { maxLength: 4 }))
    .map(([head, end]) => `${head.join(":")}::${end.join(":")}`),
  anyIpv4.map((tail) => `::ffff:${tail}`),
  anyIpv4.map((tail) => `64:ff9b::${tail}`),
);
const anyAddress = fc.oneof(anyIpv4, anyIpv6);
const anyEntry = fc.oneof(
  anyAddress,
  anyIpv4.chain((base) => fc.integer({ min: 0, max: 32 }).map((length) => `${base}/${length}`)),
  anyIpv6.chain((base) =>
    fc.integer({ min: bitsOf(base)?.family === 4 ? 96 : 0, max: 128 }).map((length) => `${base}/${length}`),
  ),
  fc.constant("*"),
);

describe("AddressMatcher", () => {
  it("answers as the obvious version does", () => {
    fc.assert(
      fc.property(
        fc.array(anyEntry, { maxLength: 8 }),
        fc.array(anyAddress, { maxLength: 8 }),
        (entries, addresses) => {
          const matcher = new AddressMatcher(entries);
          for (const address of addresses) {
            const expected = entries.findIndex((entry) => addressMatchesObviously(entry, address));
            expect([address, entries, matcher.nextMatch(address, 0)]).toEqual([address, entries, expected]);
            expect(matcher.matches(address)).toBe(expected !== -1);
          }
        },
      ),
      { seed: 1, numRuns: 5_000 },
    );
  });

  it("takes for an address what the platform takes, zones left out", () => {
    const anyText = fc.oneof(
      anyAddress,
      fc.stringMatching(/^[0-9a-f:.]{0,20}$/),
      fc.constantFrom(
        "1.2.3",
        "01.2.3.4",
        "1.2.3.4.",
        "::1%eth0",
        ":::",
        "1::2::3",
        "1:2:3:4:5:6:7::8",
        ":1",
        "1:",
        "[::1]",
        " 1.1.1.1",
        "::1.2.3.400",
        "12345::",
      ),
    );
    const any = new AddressMatcher(["*"]);
    fc.assert(
      fc.property(anyText, (text) => {
        expect([text, any.matches(text)]).toEqual([text, isIP(text) !== 0 && !text.includes("%")]);
      }),
      { seed: 2, numRuns: 20_000 },
    );
  });

  it("agrees with the platform's block list on ranges of IPv4", () => {
    fc.assert(
      fc.property(anyIpv4, fc.integer({ min: 0, max: 32 }), anyIpv4, (base, length, address) => {
        const list = new BlockList();
        list.addSubnet(base, length, "ipv4");
        expect(new AddressMatcher([`${base}/${length}`]).matches(address)).toBe(list.check(address, "ipv4"));
      }),
      { seed: 3, numRuns: 2_000 },
    );
  });

  it("takes a mapped address for the IPv4 address, and no IPv4 address for one of IPv6 [profile addresses]", () => {
    expect(new AddressMatcher(["10.0.0.1"]).matches("::ffff:a00:1")).toBe(true);
    expect(new AddressMatcher(["::FFFF:10.0.0.1"]).matches("10.0.0.1")).toBe(true);
    expect(new AddressMatcher(["::/0"]).matches("10.0.0.1")).toBe(false);
    expect(new AddressMatcher(["0.0.0.0/0"]).matches("2001:db8::1")).toBe(false);
    expect(new AddressMatcher(["2001:0DB8:0:0::1"]).matches("2001:db8::1")).toBe(true);
  });

  it("ignores entries that are no address", () => {
    const entries = [
      "",
      "10.0.0.0/33",
      "10.0.0.0/",
      "10.0.0.0/ 8",
      "10.0.0.0/08",
      "10.0.0.0/-1",
      "10/8",
      "::/129",
      "**",
      "a",
    ];
    const matcher = new AddressMatcher(entries);
    for (const address of ["10.0.0.0", "0.0.0.0", "::", ""]) expect(matcher.matches(address)).toBe(false);
  });
});
