import { Buffer } from "node:buffer";
import { DnsEvent } from "@kinglet/enrichment";
import { numberOf, textOf, type JsonObject } from "../json-object.ts";
import type { HookCall } from "./hook-call.ts";

const dnsPort = 53;
const headerBytes = 12;

/**
 * The question of a message to a name server, when the policy had Tetragon copy the message (`char_buf`) or find the name (`dns`).
 *
 * @internal
 */
export function readDnsQuestion(call: HookCall): DnsEvent | undefined {
  const name = nameIn(call);
  if (name === "") return undefined;
  const sock = call.object("sock_arg");
  const address = call.object("sockaddr_arg");
  const port = sock === undefined ? dnsPort : numberOf(sock, "dport", dnsPort);
  return new DnsEvent({
    ...call.origin,
    name,
    protocol: call.name.startsWith("tcp") ? "TCP" : "UDP",
    port: address === undefined ? port : numberOf(address, "port", port),
  });
}

/** The name that a program looks up, as it asks its C library. @internal */
export function readLookUp(call: HookCall): DnsEvent | undefined {
  const name = normalized(call.text(0));
  // An address needs no look-up, and no name has a path.
  if (name === "" || /^[\d.]+$|[:/\s]/.test(name)) return undefined;
  return new DnsEvent({ ...call.origin, name });
}

function nameIn(call: HookCall): string {
  const found = call.object("dns_arg");
  if (found !== undefined) return normalized(textOf(found, "name") || textOf(found, "question"));
  const bytes = call.word("bytes_arg") || textOf(call.object("truncated_bytes_arg") ?? noBytes, "bytes_arg");
  return bytes === "" ? normalized(call.text(0)) : questionName(Buffer.from(bytes, "base64"));
}

const noBytes: JsonObject = {};

/** The first question's name of a message that is a question; empty when it is none. */
function questionName(message: Buffer): string {
  if (message.length <= headerBytes || (message[2]! & 0x80) !== 0 || message.readUInt16BE(4) === 0) return "";
  const labels: string[] = [];
  for (let at = headerBytes; at < message.length;) {
    const length = message[at]!; // at < length
    if (length === 0) return labels.length === 0 ? "" : normalized(labels.join("."));
    // Questions are not compressed, and a label has at most 63 bytes.
    if (length > 63 || at + 1 + length > message.length) return "";
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return "";
}

function normalized(name: string): string {
  if (name === "" || name.length > 255) return "";
  const lower = name.toLowerCase();
  return lower.endsWith(".") ? lower : `${lower}.`;
}
