import { describe, expect, it } from "vitest";
import { readMemoryLimit } from "./read-memory-limit.ts";

const mi = 1_048_576;
const v2Mount = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
const v1Mount = "35 32 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";

function limitOf(files: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}): unknown {
  return readMemoryLimit({ env, readFile: (path) => files[path] });
}

describe("readMemoryLimit", () => {
  it("[memory M-2] takes KINGLET_MEMLIMIT as bytes or as a quantity", () => {
    expect(limitOf({}, { KINGLET_MEMLIMIT: "134217728" })).toEqual({ bytes: 128 * mi, source: "KINGLET_MEMLIMIT" });
    expect(limitOf({}, { KINGLET_MEMLIMIT: " 128Mi " })).toEqual({ bytes: 128 * mi, source: "KINGLET_MEMLIMIT" });
    expect(limitOf({}, { KINGLET_MEMLIMIT: "1.5Gi" })).toEqual({ bytes: 1536 * mi, source: "KINGLET_MEMLIMIT" });
    expect(limitOf({}, { KINGLET_MEMLIMIT: "500M" })).toEqual({ bytes: 5e8, source: "KINGLET_MEMLIMIT" });
  });

  it("[memory M-2] reports a malformed KINGLET_MEMLIMIT and asks the control group", () => {
    const files = {
      "/proc/self/cgroup": "0::/\n",
      "/proc/self/mountinfo": v2Mount,
      "/sys/fs/cgroup/memory.max": `${96 * mi}\n`,
    };
    for (const text of ["lots", "-128Mi"]) {
      expect(limitOf(files, { KINGLET_MEMLIMIT: text })).toMatchObject({
        bytes: 96 * mi,
        source: "/sys/fs/cgroup/memory.max",
        error: { code: "KINGLET_ERR_MEMORY_LIMIT_INVALID" },
      });
    }
  });

  it("[memory M-2] refuses a KINGLET_MEMLIMIT in which nothing runs, and warns of such a control group", () => {
    expect(limitOf({}, { KINGLET_MEMLIMIT: "32Mi" })).toEqual({ bytes: 32 * mi, source: "KINGLET_MEMLIMIT" });
    for (const text of ["1", "1Ki", "128", "31Mi"]) {
      expect(limitOf({}, { KINGLET_MEMLIMIT: text })).toMatchObject({
        bytes: undefined,
        source: "none",
        error: {
          code: "KINGLET_ERR_MEMORY_LIMIT_TOO_LOW",
          message: expect.stringMatching(`${text} is below 32Mi`) as string,
        },
      });
    }
    const files = (bytes: number): Readonly<Record<string, string>> => ({
      "/proc/self/cgroup": "0::/\n",
      "/proc/self/mountinfo": v2Mount,
      "/sys/fs/cgroup/memory.max": `${bytes}\n`,
    });
    expect(limitOf(files(16 * mi))).toEqual({
      bytes: 16 * mi,
      source: "/sys/fs/cgroup/memory.max",
      warning: "the memory limit of /sys/fs/cgroup/memory.max is 16777216 bytes, below the least of 32Mi",
    });
    expect(limitOf(files(32 * mi))).not.toHaveProperty("warning");
  });

  it("[memory M-2] takes the lowest limit of a nested version 2 group", () => {
    const files = {
      "/proc/self/cgroup": "0::/kubepods/pod1/c1\n",
      "/proc/self/mountinfo": v2Mount,
      "/sys/fs/cgroup/kubepods/pod1/c1/memory.max": "max\n",
      "/sys/fs/cgroup/kubepods/pod1/memory.max": `${128 * mi}\n`,
      "/sys/fs/cgroup/kubepods/memory.max": `${4096 * mi}\n`,
    };
    expect(limitOf(files)).toEqual({ bytes: 128 * mi, source: "/sys/fs/cgroup/kubepods/pod1/memory.max" });
  });

  it("[memory M-2] finds the group of a container that sees the host's path", () => {
    const files = {
      "/proc/self/cgroup": "0::/kubepods/pod1/c1\n",
      "/proc/self/mountinfo": "30 23 0:26 /kubepods/pod1/c1 /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n",
      "/sys/fs/cgroup/memory.max": `${64 * mi}\n`,
    };
    expect(limitOf(files)).toEqual({ bytes: 64 * mi, source: "/sys/fs/cgroup/memory.max" });
  });

  it("[memory M-2] reads version 1, also beside a version 2 mount without the memory controller", () => {
    const files = {
      "/proc/self/cgroup": "4:cpu,memory:/a/b\n0::/\n",
      "/proc/self/mountinfo": `${v1Mount}${v2Mount.replace("/sys/fs/cgroup ", "/sys/fs/cgroup/unified ")}`,
      "/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes": "9223372036854771712\n",
      "/sys/fs/cgroup/memory/a/memory.limit_in_bytes": `${256 * mi}\n`,
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    };
    expect(limitOf(files)).toEqual({ bytes: 256 * mi, source: "/sys/fs/cgroup/memory/a/memory.limit_in_bytes" });
  });

  it.each<Readonly<Record<string, string>>>([
    {},
    { "/proc/self/cgroup": "nonsense", "/proc/self/mountinfo": "more nonsense - cgroup2" },
    { "/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": v2Mount, "/sys/fs/cgroup/memory.max": "max\n" },
    { "/proc/self/cgroup": "0::/../..\n", "/proc/self/mountinfo": v2Mount, "/sys/fs/cgroup/memory.max": "-1\n" },
  ])("[memory M-2] knows no limit in %j", (files) => {
    expect(limitOf(files)).toEqual({ bytes: undefined, source: "none" });
  });

  it("reads this machine without failing", () => {
    const { bytes, source } = readMemoryLimit({ env: {} });
    expect(bytes === undefined ? source === "none" : bytes > 0).toBe(true);
  });
});
