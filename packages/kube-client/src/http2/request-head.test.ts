import { describe, expect, it } from "vitest";
import { tryDecodeHeaders } from "./header-block.ts";
import { tryEncodeHead } from "./request-head.ts";

function encode(headers: Record<string, string | string[]>): Buffer | undefined {
  return tryEncodeHead({ method: "GET", path: "/a", headers, signal: new AbortController().signal }, "host:1", "/pre");
}

describe("tryEncodeHead", () => {
  it("writes a line per value, names in lower case, bytes up to 0xff as they are", () => {
    expect(tryDecodeHeaders(encode({ "X-A": ["1", "2"], "x-b": "\u00e4\t~" })!)).toEqual({
      ...{ ":method": "GET", ":scheme": "https", ":authority": "host:1", ":path": "/pre/a" },
      ...{ "x-a": "1, 2", "x-b": "\u00e4\t~" },
    });
  });

  it.each<[string, Record<string, string | string[]>]>([
    ["a character beyond Latin-1, which cut to a byte would be another user", { "impersonate-user": "us\u0165r" }],
    ["a line feed", { "x-a": "a\nb" }],
    ["a carriage return", { "x-a": "a\rb" }],
    ["a zero byte in one of several values", { "x-a": ["fine", "a\0"] }],
    ["a name with a space", { "x a": "b" }],
    ["a name with parentheses", { "x-(a)": "b" }],
    ["no name", { "": "b" }],
  ])("refuses %s [client A6]", (_name, headers) => {
    expect(encode(headers)).toBeUndefined();
  });
});
