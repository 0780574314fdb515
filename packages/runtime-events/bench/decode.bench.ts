import { test } from "vitest";
import { loadDecodeActivity } from "../src/lazy.ts";
import { TetragonDecoder } from "../src/tetragon-decoder.ts";
import { recordedFiles } from "../test/recording.ts";

/** One rotated file of the recording; one operation is the whole file, so lines/s = operations/s x lines. */
const file = recordedFiles("export")[2]!;
const bounds: number[] = [];
for (let start = 0; start < file.bytes.length;) {
  const end = file.bytes.indexOf(0x0a, start);
  bounds.push(start, end);
  start = end + 1;
}
const lines = bounds.length / 2;

test(`TetragonDecoder/decode/recording (${lines} lines, ${file.bytes.length} bytes)`, async ({ bench }) => {
  const all = new TetragonDecoder({ nodeName: "", kinds: undefined, loadActivities: loadDecodeActivity });
  await all.prepare();
  const execs = new TetragonDecoder({ nodeName: "", kinds: new Set(["exec"]) });
  await bench.compare(
    bench("JSON.parse of every line", () => {
      for (let at = 0; at < bounds.length; at += 2) JSON.parse(file.bytes.toString("utf8", bounds[at], bounds[at + 1]));
    }),
    bench("decode all kinds, hooks of policies too", () => {
      for (let at = 0; at < bounds.length; at += 2) all.decode(file.bytes, bounds[at]!, bounds[at + 1]!, at, 0);
    }),
    bench("decode executions only", () => {
      for (let at = 0; at < bounds.length; at += 2) execs.decode(file.bytes, bounds[at]!, bounds[at + 1]!, at, 0);
    }),
    { time: 2000 },
  );
}, 60_000);
