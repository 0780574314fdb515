import { describe, expect, it } from "vitest";
import { trySocketAddress } from "./socket-address.ts";

describe("trySocketAddress", () => {
  it.each([
    ["02000050C0A80A010000000000000000", "192.168.10.1", 80],
    ["0A0014E9000000000000000000000000000000000000000100000000", "::1", 5353],
    ["0A0001BB0000000020010DB8000000000000000000000000000000FF", "2001:db8::", 443],
    ["0A0001BB0000000020010DB80000000100000000000000FF00000000", "2001:db8:0:1::ff", 443],
    ["0A0001BB0000000000000000000000000000FFFF0A00000100000000", "10.0.0.1", 443],
    ["0A0000350000000020010DB80001000200030004000500060000000000", "2001:db8:1:2:3:4:5:6", 53],
    ["0A00003500000000000000000000000000000000000000000000000000", "::", 53],
  ])("reads %s", (hex, address, port) => {
    expect(trySocketAddress(hex)).toEqual({ address, port });
  });

  it("reads no other family, and nothing that is cut", () => {
    const others = [
      "",
      "0100",
      "01002F72756E2F782E736F636B",
      "100000000000000000000000",
      "0200",
      "0A0014E900000000",
      "zz",
      "(null)",
    ];
    for (const hex of others) expect(trySocketAddress(hex)).toBeUndefined();
  });
});
