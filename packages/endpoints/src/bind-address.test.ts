import { hasCode } from "@kinglet/errors";
import { describe, expect, it } from "vitest";
import { isLoopback, parseBind } from "./bind-address.ts";

describe("parseBind", () => {
  it.each([
    [":8080", { host: undefined, port: 8080 }],
    ["8080", { host: undefined, port: 8080 }],
    ["127.0.0.1:0", { host: "127.0.0.1", port: 0 }],
    ["localhost:1", { host: "localhost", port: 1 }],
    ["[::1]:80", { host: "::1", port: 80 }],
    ["[::]:65535", { host: "::", port: 65_535 }],
    [":0", { host: undefined, port: 0 }],
    ["0", undefined],
    ["off", undefined],
    [" ", undefined],
  ])("reads %j", (text, expected) => {
    expect(parseBind(text)).toEqual(expected);
  });

  it.each([
    "a",
    "127.0.0.1",
    "::1:80",
    "[::1]",
    ":65536",
    ":-1",
    "[name]:80",
    "http://x:80",
    "a b:80",
    ":80x",
    "/x:80",
  ])("refuses %j with a code", (text) => {
    try {
      parseBind(text);
      expect.unreachable();
    } catch (error) {
      expect(hasCode(error, "KINGLET_ERR_ENDPOINTS_BIND")).toBe(true);
    }
  });
});

describe("isLoopback", () => {
  it("knows the loopback addresses", () => {
    expect(["127.0.0.1", "127.1.2.3", "::1", "localhost"].every(isLoopback)).toBe(true);
    expect(
      [undefined, "0.0.0.0", "::", "10.0.0.1", "127.0.0.1.evil.example", "localhost.evil.example"].some(isLoopback),
    ).toBe(false);
  });
});
