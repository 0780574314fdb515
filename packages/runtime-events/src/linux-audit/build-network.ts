import { NetworkEvent, type RuntimeEvent } from "@kinglet/enrichment";
import type { AuditCall } from "./audit-call.ts";
import type { ActivityContext } from "./activity-context.ts";
import type { LeftOut } from "./left-out.ts";
import { trySocketAddress } from "./socket-address.ts";

/** Errors of a `connect` that went out all the same: in progress, refused, timed out, unreachable (two), interrupted. */
const attemptErrors: ReadonlySet<number> = new Set([-115, -111, -110, -113, -101, -4]);
const inetFamilies: ReadonlySet<number> = new Set([2, 10]);

/** A `connect`, or a datagram sent to an address. @internal */
export function buildEgress(context: ActivityContext, call: AuditCall): RuntimeEvent | LeftOut {
  if (!call.isSuccessful && !attemptErrors.has(call.exit)) return "failed";
  if (!context.wants("network")) return "skipped";
  const peer = trySocketAddress(call.event.socketAddress);
  // Port 0 sends nothing: it is how a resolver asks which of its own addresses would be used.
  if (peer === undefined || peer.port === 0) return "unused";
  const isDatagram = call.name.startsWith("send") || (isSocketCall(call) && call.int(0) !== 3);
  const protocol = isDatagram ? "UDP" : context.sockets.protocolOf(call.pid, call.parentPid, descriptorOf(call));
  const origin = context.origin(call, context.locate(call, false));
  return new NetworkEvent({ ...origin, direction: "egress", address: peer.address, port: peer.port, protocol });
}

/** An `accept`. @internal */
export function buildIngress(context: ActivityContext, call: AuditCall): RuntimeEvent | LeftOut {
  if (!call.isSuccessful) return "failed";
  if (!context.wants("network")) return "skipped";
  const peer = trySocketAddress(call.event.socketAddress);
  if (peer === undefined) return "unused";
  const { sockets } = context;
  const listening = descriptorOf(call);
  return new NetworkEvent({
    ...context.origin(call, context.locate(call, false)),
    direction: "ingress",
    address: peer.address,
    port: sockets.portOf(call.pid, call.parentPid, listening),
    protocol: sockets.protocolOf(call.pid, call.parentPid, listening),
    sourcePort: peer.port,
  });
}

/** A `bind` to a port of the process's choice. @internal */
export function buildListening(context: ActivityContext, call: AuditCall): RuntimeEvent | LeftOut {
  if (!call.isSuccessful) return "failed";
  if (!context.wants("network")) return "skipped";
  const own = trySocketAddress(call.event.socketAddress);
  // Port 0: any free one, so nothing that others know of.
  if (own === undefined || own.port === 0) return "unused";
  const { sockets } = context;
  sockets.bound(call.pid, descriptorOf(call), own.port);
  return new NetworkEvent({
    ...context.origin(call, context.locate(call, false)),
    direction: "ingress",
    address: own.address,
    port: own.port,
    protocol: sockets.protocolOf(call.pid, call.parentPid, descriptorOf(call)),
    isListening: true,
  });
}

/** A `socket`: only remembered, for what comes after it. @internal */
export function noteSocket(context: ActivityContext, call: AuditCall): LeftOut {
  if (!call.isSuccessful) return "failed";
  if (inetFamilies.has(call.int(0))) {
    context.sockets.opened(call.pid, call.exit, call.int(1), call.int(2));
  }
  return "unused";
}

function isSocketCall({ name }: AuditCall): boolean {
  return name === "socketcall";
}

/** -1 where it stands in the process's memory: nothing is known of such a socket. */
function descriptorOf(call: AuditCall): number {
  return isSocketCall(call) ? -1 : call.int(0);
}
