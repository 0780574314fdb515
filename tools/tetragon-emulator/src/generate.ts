// Writes what is derived from the field table: gen/tetragon.proto, and with --fixtures what `buf convert` makes of the fixtures' JSON.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderProto } from "./render-proto.ts";

const root = join(import.meta.dirname, "..");
const proto = join(root, "gen/tetragon.proto");
const fixtures = join(root, "../../packages/runtime-events/fixtures/protobuf");

mkdirSync(join(root, "gen"), { recursive: true });
writeFileSync(proto, renderProto());

if (process.argv.includes("--fixtures")) {
  const buf = join(root, "node_modules/.bin/buf");
  const lines = readFileSync(join(fixtures, "events.jsonl"), "utf8").trimEnd().split("\n");
  const frames = lines.map((line) => {
    const args = [
      "convert",
      proto,
      "--type",
      "tetragon.GetEventsResponse",
      "--from",
      "-#format=json",
      "--to",
      "-#format=binpb",
    ];
    return frameOf(execFileSync(buf, args, { input: line }));
  });
  writeFileSync(join(fixtures, "events.bin"), Buffer.concat(frames));
}

/** As in a gRPC body: a zero, the length in four bytes, the message. */
function frameOf(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
