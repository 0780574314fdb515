import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { configMapDecoders } from "../../build/write-decoders.ts";

describe("the decoders of the bundle's ConfigMaps", () => {
  it.each(Object.entries(configMapDecoders()))("%s is what build/write-decoders.ts writes", (file, text) => {
    expect(readFileSync(new URL(`gen/${file}`, import.meta.url), "utf8")).toBe(text);
  });
});
