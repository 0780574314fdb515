/** Reads a small file; `undefined` when it is not there or not readable. */
export type ReadText = (path: string) => string | undefined;

/**
 * The lowest memory limit on the way from this process's control group up to the root that it can see.
 *
 * Version 2 is asked first; where the memory controller is still on version 1 (or both are mounted), version 1 answers. Control groups
 * nest, and the limit of a pod or slice above holds for the process too, so the lowest one counts. `max`, and version 1's number for
 * "no limit", count as none.
 *
 * @internal
 */
export function readCgroupLimit(read: ReadText): { readonly bytes: number; readonly source: string } | undefined {
  const groups = read("/proc/self/cgroup") ?? "";
  const mounts = parseMounts(read("/proc/self/mountinfo") ?? "");
  const unified = groupPath(groups, (controllers) => controllers === "");
  const memory = groupPath(groups, (controllers) => controllers.split(",").includes("memory"));
  const version2 = lowest(
    read,
    mounts.filter((mount) => mount.type === "cgroup2"),
    unified,
    "memory.max",
  );
  if (version2 !== undefined) return version2;
  const version1 = mounts.filter((mount) => mount.type === "cgroup" && mount.options.includes("memory"));
  return lowest(read, version1, memory, "memory.limit_in_bytes");
}

interface Mount {
  /** Path inside the file system that is mounted, e.g. the group of the container. */
  readonly root: string;
  readonly point: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** Version 1 says "no limit" with the largest multiple of the page size; no machine has this much. */
const noLimit = 1_152_921_504_606_846_976;
/** Control groups nest a handful of levels deep; the bound keeps a strange path from costing more. */
const maxDepth = 64;

function lowest(
  read: ReadText,
  mounts: readonly Mount[],
  path: string | undefined,
  file: string,
): { readonly bytes: number; readonly source: string } | undefined {
  const mount = mounts[0];
  if (mount === undefined || path === undefined) return undefined;
  // Seen from inside a container without a cgroup namespace the path is the host's, while the mount begins at the container.
  const inside = mount.root === "/" ? path : path.startsWith(mount.root) ? path.slice(mount.root.length) : "";
  const steps = inside
    .split("/")
    .filter((step) => step !== "" && step !== "..")
    .slice(0, maxDepth);
  let found: { readonly bytes: number; readonly source: string } | undefined;
  for (let depth = steps.length; depth >= 0; depth--) {
    const source = [mount.point, ...steps.slice(0, depth), file].join("/");
    const text = read(source)?.trim() ?? "";
    if (!/^\d+$/.test(text)) continue;
    const bytes = Number(text);
    if (bytes < noLimit && (found === undefined || bytes < found.bytes)) found = { bytes, source };
  }
  return found;
}

function groupPath(groups: string, isWanted: (controllers: string) => boolean): string | undefined {
  for (const line of groups.split("\n")) {
    const found = /^\d+:([^:]*):(\/.*)$/.exec(line);
    if (found !== null && isWanted(found[1]!)) return found[2]; // both groups always take part
  }
  return undefined;
}

function parseMounts(text: string): readonly Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const fields = before.split(" ");
    const [type = "", , options = ""] = after.split(" ");
    if (type !== "cgroup" && type !== "cgroup2") continue;
    mounts.push({
      root: unescape(fields[3] ?? "/"),
      point: unescape(fields[4] ?? "/"),
      type,
      options: options.split(","),
    });
  }
  return mounts;
}

/** mountinfo writes blanks as `\040`. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
