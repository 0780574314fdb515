import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { policyControllerDecoders } from "../build/write-decoders.ts";

describe("the decoder of what is watched for being there", () => {
  it.each(Object.entries(policyControllerDecoders()))("%s is what build/write-decoders.ts writes", (file, text) => {
    expect(readFileSync(new URL(`gen/${file}`, import.meta.url), "utf8")).toBe(text);
  });
});
