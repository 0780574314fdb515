/** A profile as a busy container has it: 2,000 opened files, 200 programs, 120 system calls, 60 endpoints, 60 peers. */
import { parseContainerProfile, type ContainerProfile } from "../src/index.ts";

/** So many things. */
export const list = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** @param seed - tells the files of one observation from those of another; a third of them is the same in all. */
export function createLargeProfile(seed: number): ContainerProfile {
  const own = (index: number): number => (index % 3 === 0 ? index : index + seed * 10_000);
  return parseContainerProfile({
    metadata: { name: "web", namespace: "shop", annotations: { "kubescape.io/status": "ready" } },
    spec: {
      opens: list(2_000, (index) => ({
        path: `/usr/lib/app/module-${index % 37}/part-${own(index)}.so`,
        flags: index % 5 === 0 ? ["O_RDONLY", "O_CLOEXEC"] : ["O_RDONLY"],
      })),
      execs: list(200, (index) => ({
        path: `/usr/bin/tool-${own(index)}`,
        args: [`tool-${index}`, "--config", "/etc/app"],
      })),
      syscalls: list(120, (index) => `syscall_${index}`),
      endpoints: list(60, (index) => ({ endpoint: `:8080/v1/${own(index)}`, methods: ["GET"], direction: "inbound" })),
      egress: list(60, (index) => ({
        identifier: `peer-${own(index)}`,
        type: "external",
        dnsNames: [`api-${index}.example.com.`],
        ipAddress: `10.${index}.0.1`,
        ports: [{ name: "TCP-443", protocol: "TCP", port: 443 }],
      })),
    },
  });
}
