import type { JsonObject } from "./json-object.ts";
import { isObject, textOf } from "./json-object.ts";

const stageFile = /^(?:\/proc\/self\/exe|\/(?:dev|proc\/self)\/fd\/\d+|\/memfd:runc_cloned:\/proc\/self\/exe)$/;
const runtimeBinary = /(?:^|\/)(?:runc|crun|youki)$/;

/**
 * Tells the container runtime's own steps from what the container does.
 *
 * runc joins the container's cgroup before it is the container: it executes itself again (`/proc/self/exe init`, then from a
 * copy in memory `/dev/fd/6 init`), and that execution already carries the container's id. A container may execute files of
 * exactly these names too: busybox runs its applets as `/proc/self/exe ARGS`, fileless malware is `/dev/fd/4`. The name
 * and the arguments are the container's to choose, so they never suffice. What it cannot choose is where it came from:
 *
 * 1. the event has a container id or a pod, the file is one of the three names, the arguments are exactly `init`;
 * 2. the parent is known and is itself in no container (no id, no pod) - every process that a container starts has a
 *    parent inside it;
 * 3. the execution is not in the container's init tree, and its mount namespace is the host's; or, where the agent
 *    does not report namespaces, the process is the same one (same pid, no `clone`) that a moment ago was
 *    `/proc/self/exe init` outside the container, and this stream is known to report containers of parents at all
 *    (field filters can remove them, and a missing field proves nothing then);
 * 4. with a host mount namespace the parent may also be the runtime's binary itself.
 *
 * The first execution of a container and a later `exec` into it do have a parent outside (the shim, or the runtime), but
 * they run in the container's mount namespace and in a new process, so a container that is started as `/dev/fd/6 init` is
 * not taken for a stage. Anything unclear is not a stage: it may raise an alert, it never hides one.
 *
 * @param reportsParentContainers - true once any event of this stream had a parent with a container.
 * @internal
 */
export function isRuntimeStage(
  process: JsonObject,
  parent: JsonObject | undefined,
  reportsParentContainers: boolean,
): boolean {
  if (process["arguments"] !== "init" || parent === undefined) return false;
  if (!isInContainer(process) || process["in_init_tree"] === true) return false;
  if (!stageFile.test(textOf(process, "binary"))) return false;
  if (isInContainer(parent) || textOf(parent, "binary") === "") return false;
  const isReexec =
    typeof process["pid"] === "number" &&
    process["pid"] === parent["pid"] &&
    parent["binary"] === "/proc/self/exe" &&
    parent["arguments"] === "init" &&
    !hasWord(textOf(process, "flags"), "clone");
  const mount = mountNamespace(process);
  if (mount === undefined) return isReexec && reportsParentContainers;
  return mount === "host" && (isReexec || runtimeBinary.test(textOf(parent, "binary")));
}

/** True when the process carries a container id or a pod. @internal */
export function isInContainer(process: JsonObject): boolean {
  return textOf(process, "docker") !== "" || isObject(process["pod"]);
}

/** True when `word` is one of the space-separated words. @internal */
export function hasWord(words: string, word: string): boolean {
  const at = words.indexOf(word);
  if (at < 0) return false;
  const end = at + word.length;
  const isWhole = (at === 0 || words[at - 1] === " ") && (end === words.length || words[end] === " ");
  return isWhole || hasWord(words.slice(end), word);
}

function mountNamespace(process: JsonObject): "host" | "other" | undefined {
  const namespaces = process["ns"];
  if (!isObject(namespaces)) return undefined;
  const mount = namespaces["mnt"];
  if (!isObject(mount) || mount["inum"] === undefined) return undefined;
  return mount["is_host"] === true ? "host" : "other";
}
