import { readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../fixtures/protobuf");

/** Events as protojson and as `buf convert` encoded them: neither the product nor the emulator had a hand in it. */
export function encodedEvents(): { readonly line: string; readonly bytes: Buffer }[] {
  const lines = readFileSync(join(folder, "events.jsonl"), "utf8").trimEnd().split("\n");
  const file = readFileSync(join(folder, "events.bin"));
  let at = 0;
  return lines.map((line) => {
    const end = at + 5 + file.readUInt32BE(at + 1);
    const bytes = file.subarray(at + 5, end);
    at = end;
    return { line, bytes };
  });
}
