/** What podman and the kernel are told so that a container runs as its manifest says. */
export interface SecurityContext {
  readonly user: string;
  readonly group: string;
  /** Options of `podman run`. */
  readonly options: readonly string[];
}

const expected: readonly (readonly [line: string, option?: string])[] = [
  ["privileged: false"],
  ["allowPrivilegeEscalation: false", "--security-opt=no-new-privileges"],
  ["readOnlyRootFilesystem: true", "--read-only"],
  // podman mounts /tmp and others writable otherwise, Kubernetes does not.
  ["readOnlyRootFilesystem: true", "--read-only-tmpfs=false"],
  ["drop: [ALL]", "--cap-drop=all"],
  // podman's default, as containerd's: the list that both have of Docker.
  ["type: RuntimeDefault"],
];

/**
 * Reads the security context of the only container of a manifest.
 *
 * @throws an Error when it is another one than this knows how to give to podman: the test would prove something else.
 */
export function readSecurityContext(manifest: string): SecurityContext {
  const text = /^( +)securityContext:\n((?:\1 .*\n)+)/mu.exec(manifest)?.[2] ?? "";
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  const user = valueOf(lines, "runAsUser");
  const group = valueOf(lines, "runAsGroup");
  const options = [`--user=${user}:${group}`];
  for (const [line, option] of expected) {
    if (!lines.includes(line)) throw new Error(`the security context lacks ${line}`);
    if (option !== undefined) options.push(option);
  }
  const known = new Set(expected.map(([line]) => line));
  const heads = /^(?:capabilities:|seccompProfile:|runAsUser: \d+|runAsGroup: \d+|runAsNonRoot: true)$/u;
  const other = lines.find((line) => !known.has(line) && !heads.test(line));
  if (other !== undefined) throw new Error(`the security context has ${other}, which is not known here`);
  return { user, group, options };
}

function valueOf(lines: readonly string[], key: string): string {
  const value = lines.find((line) => line.startsWith(`${key}: `))?.slice(key.length + 2);
  if (value === undefined) throw new Error(`the security context lacks ${key}`);
  return value;
}
