/** Run by `informer-memory.test.ts` under a heap limit: an informer that streams 50,000 objects twice. Prints how many it holds. */
import { createInformer, createKubeClient, type KubeTransport } from "../src/index.ts";

const OBJECTS = 50_000;
const PER_CHUNK = 50;
/** Not kept: what a list as text, or parsed as a whole, would hold. */
const padding = "p".repeat(1000);

function chunkOf(from: number, version: number): Buffer {
  let text = "";
  for (let index = from; index < from + PER_CHUNK; index++) {
    const metadata = {
      name: `widget-${index}`,
      namespace: "shop",
      uid: `u-${index}`,
      resourceVersion: String(version),
    };
    text += `${JSON.stringify({ type: "ADDED", object: { kind: "Widget", metadata, spec: { size: index, padding } } })}\n`;
  }
  return Buffer.from(text);
}

async function* bodyOf(version: number, isLast: boolean): AsyncGenerator<Buffer> {
  for (let from = 0; from < OBJECTS; from += PER_CHUNK) {
    await Promise.resolve();
    yield chunkOf(from, version);
  }
  const annotations = { "k8s.io/initial-events-end": "true" };
  const object = { kind: "Widget", metadata: { resourceVersion: String(version), annotations } };
  yield Buffer.from(`${JSON.stringify({ type: "BOOKMARK", object })}\n`);
  if (isLast) stopping.abort();
  else
    yield Buffer.from(
      `${JSON.stringify({ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } })}\n`,
    );
}

const stopping = new AbortController();
let requests = 0;
const transport: KubeTransport = {
  send: () => {
    requests++;
    return Promise.resolve({ status: 200, headers: {}, body: bodyOf(requests * 1000, requests === 2) });
  },
  [Symbol.asyncDispose]: () => Promise.resolve(),
};
const client = createKubeClient({ server: "https://api.test", origin: "test" }, { transport });
const widgets = { group: "shop.example.com", version: "v1", plural: "widgets", kind: "Widget", namespaced: true };
const informer = createInformer(client, widgets, { listMode: "stream", projection: { paths: ["spec.size"] } });
await informer.run({ signal: stopping.signal });
process.stdout.write(
  JSON.stringify({ requests, held: informer.size, version: informer.get("shop/widget-7")?.metadata.resourceVersion }),
);
