// Bytes per container of the index alone: node --expose-gc --conditions=@kinglet/source bench/memory/container-index.ts
// The pods themselves are let go, as an informer that keeps its own copy would; names are 1,000 pods of 200 workloads.
import { ContainerIndex } from "../../src/index.ts";
import type { PodView } from "../../src/index.ts";

const pods = 1000;
const gc = globalThis.gc!;

function hex(n: number): string {
  return (n + 1).toString(16).padStart(8, "0").repeat(8);
}

function pod(n: number): PodView {
  const workload = `workload-${n % 200}`;
  const text = JSON.stringify({
    metadata: {
      name: `${workload}-5f6d8c7b9d-${n}`,
      namespace: `team-${n % 20}`,
      uid: `${hex(n).slice(0, 8)}-1111-2222-3333-444444444444`,
      resourceVersion: String(n),
      labels: { app: workload, "pod-template-hash": "5f6d8c7b9d" },
      ownerReferences: [
        { apiVersion: "apps/v1", kind: "ReplicaSet", name: `${workload}-5f6d8c7b9d`, controller: true },
      ],
    },
    spec: {
      nodeName: `node-${n % 10}`,
      containers: ["app", "proxy"].map((name) => ({ name, image: `registry.example/${workload}/${name}:v1.2.3` })),
    },
    status: {
      containerStatuses: ["app", "proxy"].map((name, at) => ({
        name,
        containerID: `containerd://${hex(n * 2 + at)}`,
        imageID: `registry.example/${workload}/${name}@sha256:${hex(n % 200)}`,
      })),
    },
  });
  return JSON.parse(text) as PodView;
}

function measure(withLabels: boolean): string {
  gc();
  gc();
  const before = process.memoryUsage().heapUsed;
  const index = new ContainerIndex();
  for (let n = 0; n < pods; n++) {
    const whole = pod(n);
    const { labels, ...metadata } = whole.metadata;
    index.setPod({ ...whole, metadata: withLabels ? { ...metadata, labels: labels! } : metadata });
  }
  gc();
  gc();
  const bytes = process.memoryUsage().heapUsed - before;
  return `${index.size} containers: ${Math.round(bytes / 1024)} KiB, ${Math.round(bytes / index.size)} B each`;
}

measure(true); // compiles
console.log("with labels:   ", measure(true));
console.log("without labels:", measure(false));
