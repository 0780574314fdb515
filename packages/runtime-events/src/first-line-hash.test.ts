import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { firstLineBytes, firstLineHash } from "./first-line-hash.ts";

const line = "x".repeat(100);

describe("firstLineHash", () => {
  it("is the same however much follows the first line", () => {
    const hash = firstLineHash(Buffer.from(`${line}\n`));
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    expect(firstLineHash(Buffer.from(`${line}\nmore\nand more`))).toBe(hash);
    expect(firstLineHash(Buffer.from(`${line}y\n`))).not.toBe(hash);
  });

  it("is empty while the first line is unfinished, and looks beyond lines that are no fingerprint", () => {
    expect(firstLineHash(Buffer.from(line))).toBe("");
    expect(firstLineHash(Buffer.from("\n{\n"))).toBe("");
    expect(firstLineHash(Buffer.from(`\n${line}1\n`))).not.toBe(firstLineHash(Buffer.from(`\n${line}2\n`)));
  });

  it("takes the beginning of a line that is very long, and no byte beyond the length", () => {
    const long = Buffer.alloc(firstLineBytes, "x");
    expect(firstLineHash(long)).not.toBe("");
    expect(firstLineHash(Buffer.concat([long, Buffer.from("y\n")]))).toBe(firstLineHash(long));
    expect(firstLineHash(Buffer.from(`${line}\n`), 50)).toBe("");
  });
});
