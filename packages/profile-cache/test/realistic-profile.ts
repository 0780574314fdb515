/** How many entries each surface has. */
export interface ProfileSize {
  readonly opens: number;
  readonly execs: number;
  readonly syscalls: number;
  readonly egress: number;
  readonly endpoints: number;
}

/** The profile that projections are measured with. */
export const small: ProfileSize = { opens: 500, execs: 50, syscalls: 120, egress: 50, endpoints: 0 };
/** The profile of a busy container. */
export const large: ProfileSize = { opens: 2_000, execs: 200, syscalls: 120, egress: 0, endpoints: 60 };

const flags = [["O_RDONLY", "O_CLOEXEC"], ["O_RDONLY"], ["O_WRONLY", "O_CREAT", "O_TRUNC"], ["O_RDWR"]];

function list<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** JSON text of one profile; `seed` makes its paths differ as those of different programs do. */
export function profileText(name: string, seed: number, size: ProfileSize): string {
  return JSON.stringify({
    metadata: {
      name,
      namespace: "shop",
      uid: `uid-${name}`,
      resourceVersion: "1",
      annotations: { "kubescape.io/status": "completed", "kubescape.io/completion": "complete" },
    },
    spec: {
      architectures: ["amd64"],
      capabilities: ["NET_BIND_SERVICE", "SETUID", "SETGID"],
      opens: list(size.opens, (index) => ({
        path: `/usr/lib/app-${seed}/module-${index % 37}/part-${index}.so`,
        flags: flags[index % 4],
      })),
      execs: list(size.execs, (index) => ({
        path: `/usr/bin/tool-${seed}-${index}`,
        args: [`tool-${index}`, "--config", "/etc/app.conf"],
      })),
      syscalls: list(size.syscalls, (index) => `syscall_${index}`),
      egress: list(size.egress, (index) => ({
        identifier: `${seed}-${index}`.padEnd(64, "0"),
        type: "external",
        dnsNames: [`api-${seed}-${index}.example.com.`],
        ports: [{ name: "TCP-443", protocol: "TCP", port: 443 }],
        ipAddress: `10.${seed % 256}.${index}.1`,
      })),
      endpoints: list(size.endpoints, (index) => ({
        endpoint: `:8080/v1/thing-${seed}-${index}`,
        methods: ["GET", "POST"],
        internal: false,
        direction: "inbound",
      })),
    },
  });
}
