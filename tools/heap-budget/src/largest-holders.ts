import { setTimeout as delay } from "node:timers/promises";
import { InspectorClient } from "./inspector-client.ts";
import { startApplet, type AppletStart } from "./running-applet.ts";

/** What a kind of object holds in one heap. */
export interface Holder {
  /** Constructor, or the kind in parentheses. */
  readonly name: string;
  readonly count: number;
  /** Bytes of the objects themselves. */
  readonly bytes: number;
}

/** The part of a heap snapshot that is read. */
interface Snapshot {
  readonly snapshot: {
    readonly meta: { readonly node_fields: readonly string[]; readonly node_types: readonly [readonly string[]] };
  };
  readonly nodes: readonly number[];
  readonly strings: readonly string[];
}

/** Starts the applet once more and says which kinds of objects hold most of its heap; for the message of a broken budget. */
export async function largestHolders(start: AppletStart, most: number): Promise<readonly Holder[]> {
  const [program = "", ...rest] = start.command;
  await using applet = await startApplet({ ...start, command: [program, "--inspect=127.0.0.1:0", ...rest] });
  await delay(1_500);
  const url = /Debugger listening on (ws:\S+)/.exec(applet.stderr())?.[1];
  if (url === undefined) throw new Error(`no inspector:\n${applet.stderr()}`);
  using inspector = await InspectorClient.connect(url);
  const chunks: string[] = [];
  inspector.on("HeapProfiler.addHeapSnapshotChunk", (params) =>
    chunks.push((params as { readonly chunk: string }).chunk),
  );
  await inspector.send("HeapProfiler.collectGarbage");
  await inspector.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
  return holdersOf(JSON.parse(chunks.join("")) as Snapshot, most);
}

/** The kinds of objects in a snapshot, largest first. */
export function holdersOf({ snapshot, nodes, strings }: Snapshot, most: number): readonly Holder[] {
  const fields = snapshot.meta.node_fields;
  const types = snapshot.meta.node_types[0];
  const [type, name, size] = ["type", "name", "self_size"].map((field) => fields.indexOf(field)) as [
    number,
    number,
    number,
  ];
  const sums = new Map<string, { count: number; bytes: number }>();
  for (let node = 0; node < nodes.length; node += fields.length) {
    const kind = types[nodes[node + type] ?? 0] ?? "";
    const key =
      kind === "object" || kind === "closure" || kind === "native"
        ? (strings[nodes[node + name] ?? 0] ?? "")
        : `(${kind})`;
    const sum = sums.get(key) ?? { count: 0, bytes: 0 };
    sum.count += 1;
    sum.bytes += nodes[node + size] ?? 0;
    sums.set(key, sum);
  }
  return [...sums]
    .map(([key, { count, bytes }]) => ({ name: key === "" ? "(anonymous)" : key.slice(0, 60), count, bytes }))
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, most);
}
