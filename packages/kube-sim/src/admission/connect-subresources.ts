import { deniedRequest } from "../authorization/request-attributes.ts";
import { anonymousUser } from "../authorization/user-info.ts";
import { isJsonRecord, readPath, type JsonRecord, type KubeObject } from "../resources/kube-object.ts";
import { badRequest, notFound, refusal } from "../refusals/refusals.ts";
import type { SubresourceCall, SubresourceHandler } from "../resources/served-resource.ts";

const UPGRADE_VERBS = ["create", "get"] as const;
const PROXY_VERBS = ["create", "delete", "get", "patch", "update"] as const;

/** What goes to the kubelet: `exec`, `attach`, `portforward`, `proxy`. Admission is asked; nothing answers behind it. */
export const podConnectSubresources: Readonly<Record<string, SubresourceHandler>> = {
  attach: { kind: "PodAttachOptions", verbs: UPGRADE_VERBS, handle: (call) => connectPod(call, "PodAttachOptions") },
  exec: { kind: "PodExecOptions", verbs: UPGRADE_VERBS, handle: (call) => connectPod(call, "PodExecOptions") },
  portforward: {
    kind: "PodPortForwardOptions",
    verbs: UPGRADE_VERBS,
    handle: (call) => connectPod(call, "PodPortForwardOptions"),
  },
  proxy: { kind: "PodProxyOptions", verbs: PROXY_VERBS, handle: (call) => connectProxy(call, "PodProxyOptions") },
};

/** `nodes/proxy`. */
export const nodeConnectSubresources: Readonly<Record<string, SubresourceHandler>> = {
  proxy: { kind: "NodeProxyOptions", verbs: PROXY_VERBS, handle: (call) => connectProxy(call, "NodeProxyOptions") },
};

/** `services/proxy`. */
export const serviceConnectSubresources: Readonly<Record<string, SubresourceHandler>> = {
  proxy: {
    kind: "ServiceProxyOptions",
    verbs: PROXY_VERBS,
    handle: (call) => connectProxy(call, "ServiceProxyOptions"),
  },
};

type StreamKind = "PodAttachOptions" | "PodExecOptions" | "PodPortForwardOptions";

async function connectPod(call: SubresourceCall, kind: StreamKind): Promise<void> {
  const { info, store, resource } = call;
  const options = streamOptions(call, kind);
  await admit(call, { kind, apiVersion: "v1", ...options });
  demandCreate(call);
  const pod = store.table("pods").get(`${info.namespace}/${info.name}`);
  if (pod === undefined) throw notFound(resource, info.name);
  if (kind !== "PodPortForwardOptions") checkContainer(pod, options["container"]);
  const nodeName = readPath(pod, "spec.nodeName");
  if (typeof nodeName !== "string" || nodeName === "") {
    throw badRequest(`pod ${info.name} does not have a host assigned`);
  }
  const node = store.table("nodes").get(nodeName);
  // The API looks the node up while it still speaks of pods.
  if (node === undefined) throw notFound(resource, nodeName);
  throw noKubelet(node);
}

async function connectProxy(call: SubresourceCall, kind: string): Promise<void> {
  const { info, store, resource } = call;
  const path = proxyPath(call);
  await admit(call, { kind, apiVersion: "v1", ...(path === "" ? {} : { path }) });
  const name = /^(?:https?:)?([^:]*)/.exec(info.name)?.[1] ?? info.name;
  const key = resource.namespaced ? `${info.namespace}/${name}` : name;
  const object = store.table(resource.plural).get(key);
  if (object === undefined) throw notFound(resource, name);
  if (resource.plural === "nodes") throw noKubelet(object);
  if (resource.plural === "pods") throw badRequest("address not allowed");
  const message = `no endpoints available for service ${JSON.stringify(name)}`;
  throw refusal(503, "ServiceUnavailable", message);
}

/** Asks admission about the connection. */
async function admit(call: SubresourceCall, options: JsonRecord): Promise<void> {
  const { info, resource, request } = call;
  if (request.isDryRun === true) throw badRequest("dryRun is not supported");
  const { options: _options, ...who } = request;
  await call.writer.admit({
    ...who,
    operation: "CONNECT",
    resource,
    namespace: info.namespace,
    name: info.name,
    subresource: info.subresource,
    object: options as KubeObject,
    oldObject: undefined,
  });
}

/** A stream is something new, whichever verb opens it: reading rights are not enough. */
function demandCreate(call: SubresourceCall): void {
  const { info, access, exchange } = call;
  const user = exchange.user ?? anonymousUser;
  const { group, plural: resource, subresource, namespace, name } = info;
  const wish = { isResource: true, verb: "create", group, resource, subresource, namespace, name } as const;
  const { allowed, reason } = access.authorize(user, wish);
  if (!allowed) throw deniedRequest(user, wish, reason);
}

function streamOptions(call: SubresourceCall, kind: StreamKind): JsonRecord {
  const { query } = call.exchange;
  if (kind === "PodPortForwardOptions") {
    const ports = query.getAll("ports").map(Number);
    return ports.length === 0 ? {} : { ports };
  }
  const options: JsonRecord = {};
  for (const flag of ["stdin", "stdout", "stderr", "tty"]) if (isSet(query.get(flag))) options[flag] = true;
  const container = query.get("container") ?? "";
  if (container !== "") options["container"] = container;
  if (kind === "PodExecOptions") options["command"] = query.has("command") ? query.getAll("command") : null;
  return options;
}

/** Any value but these two is yes, as for all query parameters of the API. */
function isSet(value: string | null): boolean {
  return value !== null && value.toLowerCase() !== "false" && value !== "0";
}

function proxyPath(call: SubresourceCall): string {
  const marker = "/proxy";
  const { path } = call.exchange;
  const start = path.indexOf(`/${call.info.name}${marker}`) + call.info.name.length + 1 + marker.length;
  return path.slice(start).replace(/\/+/g, "/");
}

function checkContainer(pod: KubeObject, wanted: unknown): void {
  const names = (field: string): string[] => {
    const list = readPath(pod, `spec.${field}`);
    return Array.isArray(list) ? list.filter(isJsonRecord).map((container) => String(container["name"])) : [];
  };
  const containers = names("containers");
  const all = [...names("initContainers"), ...containers, ...names("ephemeralContainers")];
  const { name } = pod.metadata;
  if (typeof wanted === "string") {
    if (!all.includes(wanted)) throw badRequest(`container ${wanted} is not valid for pod ${name}`);
  } else if (containers.length !== 1) {
    const choice = containers.length === 0 ? "" : `, choose one of: [${all.join(" ")}]`;
    throw badRequest(`a container name must be specified for pod ${name}${choice}`);
  }
}

/** No kubelet answers: what the API says when it cannot reach one. */
function noKubelet(node: KubeObject): Error {
  const addresses = readPath(node, "status.addresses");
  const known = Array.isArray(addresses) ? addresses.filter(isJsonRecord) : [];
  const first = known.find((entry) => typeof entry["address"] === "string");
  if (first === undefined) return refusal(500, "", "no preferred addresses found; known addresses: []");
  const host = `${String(first["address"])}:10250`;
  return refusal(500, "", `error dialing backend: dial tcp ${host}: connect: connection refused`);
}
