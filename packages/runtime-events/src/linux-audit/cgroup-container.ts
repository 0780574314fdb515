/** A container's id with whatever the runtime puts around it: `ID`, `cri-containerd-ID.scope`, `libpod-ID`, `SLICE:cri-containerd:ID`. */
const containerPart =
  /^(?:[^/]*:)?(?:(?:cri-containerd|crio|docker|libpod|podman|nerdctl|containerd)[-:])?([0-9a-f]{64})(?:\.scope)?$/;

/**
 * The container that a process belongs to, read from its `/proc/PID/cgroup`.
 *
 * Understands version 2 (`0::/PATH`) and version 1 (`4:memory:/PATH`), Kubernetes with either cgroup driver, containerd, CRI-O, Docker and
 * Podman. The processes that watch over a container (`crio-conmon-ID.scope`, `libpod-conmon-ID.scope`) are not in it. Below a pod the
 * first id counts: that is the container that Kubernetes knows, whatever runs inside it. Elsewhere the last one does: a node that
 * is itself a container comes first.
 *
 * @returns 64 hex digits; empty for a process of the host.
 * @internal
 */
export function containerIdOfCgroup(text: string): string {
  for (const line of text.split("\n")) {
    const path = line.slice(line.indexOf(":", line.indexOf(":") + 1) + 1);
    if (path.length < 65) continue;
    const id = containerIdOfPath(path);
    if (id !== "") return id;
  }
  return "";
}

function containerIdOfPath(path: string): string {
  let found = "";
  let isBelowPods = false;
  for (const part of path.split("/")) {
    if (part.includes("kubepods")) isBelowPods = true;
    const id = containerPart.exec(part)?.[1];
    if (id === undefined) continue;
    found = id;
    if (isBelowPods) return found;
  }
  return found;
}
