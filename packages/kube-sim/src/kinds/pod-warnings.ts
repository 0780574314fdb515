import type { JsonRecord, KubeObject } from "../resources/kube-object.ts";
import { recordAt, recordsAt, textAt } from "./json-access.ts";

/** What the server warns about in a valid new pod. */
export function warnAboutPod(object: KubeObject, warn: (text: string) => void): void {
  const { name } = object.metadata;
  if (name.includes(".")) {
    warn(
      "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: " +
        "[must not contain dots]",
    );
  }
  warnAboutPodSpec(recordAt(object, "spec") ?? {}, "spec", warn);
}

/** The same for a pod template. */
function warnAboutPodSpec(spec: JsonRecord, path: string, warn: (text: string) => void): void {
  recordsAt(spec, "imagePullSecrets").forEach((secret, index) => {
    if (textAt(secret, "name") === "") warn(`${path}.imagePullSecrets[${index}].name: invalid empty name ""`);
  });
  for (const list of ["initContainers", "containers"]) {
    recordsAt(spec, list).forEach((container, index) => {
      const at = `${path}.${list}[${index}]`;
      const names = new Set<string>();
      recordsAt(container, "env").forEach((variable, position) => {
        const name = textAt(variable, "name");
        if (names.has(name)) {
          warn(
            `${at}.env[${position}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`,
          );
        }
        names.add(name);
      });
      const ports = new Map<string, number>();
      recordsAt(container, "ports").forEach((port, position) => {
        const key = `${String(port["containerPort"])}/${textAt(port, "protocol")}`;
        const first = ports.get(key);
        if (first === undefined) ports.set(key, position);
        else warn(`${at}.ports[${position}]: duplicate port definition with ${at}.ports[${first}]`);
      });
    });
  }
}
