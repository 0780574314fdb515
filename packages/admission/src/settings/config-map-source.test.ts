import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { admissionDecoders } from "../../build/write-decoders.ts";

describe("the decoders of what is read from the API", () => {
  it.each(Object.entries(admissionDecoders()))("%s is what build/write-decoders.ts writes", (file, text) => {
    expect(readFileSync(new URL(`../${file}`, import.meta.url), "utf8")).toBe(text);
  });
});
