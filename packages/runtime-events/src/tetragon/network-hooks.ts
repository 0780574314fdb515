import { NetworkEvent, type DnsEvent, type NetworkDirection } from "@kinglet/enrichment";
import { numberOf, textOf, type JsonObject } from "../json-object.ts";
import { readDnsQuestion } from "./dns-question.ts";
import type { HookCall } from "./hook-call.ts";

const dnsPort = 53;
/** `tcp_set_state` to this state is the end of a handshake. */
const tcpEstablished = 1;
const bpfEgress = 1;

/** `sock` that connects. */
export function readConnect(call: HookCall): NetworkEvent | undefined {
  const sock = call.object("sock_arg");
  if (sock === undefined || call.hasFailed) return undefined;
  return toRemote(call, textOf(sock, "daddr"), portOf(sock, "dport"), protocolOf(sock), portOf(sock, "sport"));
}

/** Address that a socket connects to; the protocol is known only where the policy asks for the socket too. */
export function readSocketConnect(call: HookCall): NetworkEvent | undefined {
  const address = call.object("sockaddr_arg");
  if (address === undefined || call.hasFailed) return undefined;
  const sock = call.object("sock_arg");
  const protocol = sock === undefined ? "" : protocolOf(sock);
  return toRemote(call, textOf(address, "addr"), portOf(address, "port"), protocol, -1);
}

/** `sock` that sends a datagram: known only when the socket is connected. A question to a name server is told as such. */
export function readDatagram(call: HookCall): NetworkEvent | DnsEvent | undefined {
  return readDnsQuestion(call) ?? readConnect(call);
}

/** Address and content of a datagram. */
export function readSendTo(call: HookCall): NetworkEvent | DnsEvent | undefined {
  const address = call.object("sockaddr_arg");
  const port = address === undefined ? -1 : portOf(address, "port");
  if (port === dnsPort) {
    const question = readDnsQuestion(call);
    if (question !== undefined) return question;
  }
  if (address === undefined || call.hasFailed) return undefined;
  // Only datagrams are sent to an address of their own.
  return toRemote(call, textOf(address, "addr"), port, "UDP", -1);
}

/** `sock` that begins to listen. */
export function readListen(call: HookCall): NetworkEvent | undefined {
  const sock = call.object("sock_arg");
  return sock === undefined || call.hasFailed ? undefined : listening(call, sock);
}

/** `sock` and address that a socket is bound to: with datagrams that is all there is to listening. */
export function readBind(call: HookCall): NetworkEvent | undefined {
  const sock = call.object("sock_arg");
  const address = call.object("sockaddr_arg");
  if (sock === undefined || address === undefined || call.hasFailed || protocolOf(sock) !== "UDP") return undefined;
  const port = portOf(address, "port");
  if (port <= 0) return undefined;
  return make(call, "ingress", textOf(address, "addr"), port, "UDP", -1, true);
}

/** `sock` that was accepted, as the function returns it. */
export function readAccept(call: HookCall): NetworkEvent | undefined {
  const sock = call.object("sock_arg");
  return sock === undefined ? undefined : fromRemote(call, sock);
}

/** `sock`, new state: a handshake that the other side began has ended. */
export function readTcpState(call: HookCall): NetworkEvent | undefined {
  const sock = call.object("sock_arg");
  if (sock === undefined || textOf(sock, "state") !== "TCP_SYN_RECV") return undefined;
  return call.integer("state", 0) === tcpEstablished ? fromRemote(call, sock) : undefined;
}

/** `sock`, `skb`, direction of one packet. */
export function readPacket(call: HookCall): NetworkEvent | undefined {
  const packet = call.object("skb_arg");
  const direction = call.integer("type", 0);
  if (packet === undefined || direction === undefined) return undefined;
  const protocol = protocolOf(packet);
  const [source, target] = [portOf(packet, "sport"), portOf(packet, "dport")];
  return direction === bpfEgress
    ? toRemote(call, textOf(packet, "daddr"), target, protocol, source)
    : make(call, "ingress", textOf(packet, "saddr"), target, protocol, source, false);
}

/** `skb` on its way out. Only a datagram leaves while its process runs; whose turn it is when others leave is chance. */
export function readDatagramPacket(call: HookCall): NetworkEvent | undefined {
  const packet = call.object("skb_arg");
  if (packet === undefined || protocolOf(packet) !== "UDP") return undefined;
  return toRemote(call, textOf(packet, "daddr"), portOf(packet, "dport"), "UDP", portOf(packet, "sport"));
}

function listening(call: HookCall, sock: JsonObject): NetworkEvent | undefined {
  const port = portOf(sock, "sport");
  return port <= 0 ? undefined : make(call, "ingress", textOf(sock, "saddr"), port, protocolOf(sock), -1, true);
}

/** The kernel's own view of a socket has this side first, whoever called. */
function fromRemote(call: HookCall, sock: JsonObject): NetworkEvent | undefined {
  const port = portOf(sock, "sport");
  if (port <= 0 || isUnset(textOf(sock, "daddr"))) return undefined;
  return make(call, "ingress", textOf(sock, "daddr"), port, protocolOf(sock), portOf(sock, "dport"), false);
}

function toRemote(
  call: HookCall,
  address: string,
  port: number,
  protocol: string,
  sourcePort: number,
): NetworkEvent | undefined {
  if (isUnset(address) || port <= 0) return undefined;
  return make(call, "egress", address, port, protocol, sourcePort, false);
}

function make(
  call: HookCall,
  direction: NetworkDirection,
  address: string,
  port: number,
  protocol: string,
  sourcePort: number,
  isListening: boolean,
): NetworkEvent {
  return new NetworkEvent({ ...call.origin, direction, address, port, protocol, sourcePort, isListening });
}

function isUnset(address: string): boolean {
  return address === "" || address === "0.0.0.0" || address === "::" || address === "<nil>";
}

/** Absent and 0 are the same in protojson, and there is no port 0. */
function portOf(object: JsonObject, name: string): number {
  const port = numberOf(object, name, 0);
  return port > 0 && port < 65_536 ? port : -1;
}

/** Without the kernel's prefix; a socket of type 0 protocol says by its type which one it is. */
function protocolOf(object: JsonObject): string {
  const protocol = textOf(object, "protocol").replace(/^IPPROTO_/, "");
  if (protocol !== "" && protocol !== "IP" && protocol !== "HOPOPTS") return protocol;
  const type = textOf(object, "type");
  return type === "SOCK_STREAM" ? "TCP" : type === "SOCK_DGRAM" ? "UDP" : "";
}
