import { DnsEvent, NetworkEvent } from "@kinglet/enrichment";
import { AddressMatcher } from "@kinglet/profile/matching";
import { describe, expect, it } from "vitest";
import type { ClusterPeer, PeerLookup } from "./peer-lookup.ts";
import { Recording } from "./recording.ts";
import { recordingOf, recordingOptions } from "../test/recordings.ts";

const sequence = 1;
const connect = (address: string, port = 443, protocol = "TCP"): NetworkEvent =>
  new NetworkEvent({ sequence, address, port, protocol, direction: "egress" });
const accept = (address: string, port = 80): NetworkEvent =>
  new NetworkEvent({ sequence, address, port, protocol: "TCP", direction: "ingress" });
const dns = (name: string, ...addresses: string[]): DnsEvent => new DnsEvent({ sequence, name, addresses });

describe("RecordedPeers", () => {
  const labels = {
    app: "api",
    "pod-template-hash": "77",
    "pod-template-generation": "1",
    "controller-revision-hash": "x",
  };
  const cluster: PeerLookup = {
    peerOf: (address) => {
      if (address === "10.0.0.1") return { kind: "pod", namespace: "shop", labels };
      if (address === "10.0.0.2") return { kind: "service", namespace: "other", labels: { app: "db" } };
      return address === "10.0.0.3"
        ? { kind: "pod", namespace: "shop", labels: { "pod-template-hash": "7" } }
        : undefined;
    },
  };

  it("are recorded by what stays the same after a roll-out [learning peers]", () => {
    const { egress } = recordingOf(
      [connect("10.0.0.1", 80), connect("10.0.0.2", 5432), connect("10.0.0.3"), connect("8.8.8.8", 53, "UDP")],
      { peers: cluster },
    ).surfaces();
    expect(egress).toMatchObject([
      {
        type: "internal",
        podSelector: { matchLabels: { app: "api" }, matchExpressions: [] },
        namespaceSelector: null,
        ports: [{ name: "TCP-80", protocol: "TCP", port: 80 }],
      },
      {
        podSelector: { matchLabels: { app: "db" } },
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "other" } },
        ports: [{ name: "TCP-5432" }],
      },
      { type: "external", ipAddress: "10.0.0.3", podSelector: null },
      { type: "external", ipAddress: "8.8.8.8", ports: [{ name: "UDP-53", protocol: "UDP", port: 53 }] },
    ]);
    expect(new Set(egress.map(({ identifier }) => identifier)).size).toBe(4);
    for (const { identifier } of egress) expect(identifier).toMatch(/^[0-9a-f]{64}$/);
  });

  it("are recorded anew when another pod has the address, and when it becomes known who has it [learning holders]", () => {
    const holders = new Map<string, ClusterPeer>();
    const recording = new Recording({ ...recordingOptions, peers: { peerOf: (address) => holders.get(address) } });
    const event = connect("10.0.0.9", 6379);
    const selectors = (): unknown => recording.surfaces().egress.map(({ podSelector }) => podSelector?.matchLabels);
    expect(recording.record(event, false)).toBe("added");
    expect(recording.record(event, false)).toBe("known");
    holders.set("10.0.0.9", { kind: "pod", namespace: "shop", labels: { app: "store" } });
    expect(recording.record(event, false)).toBe("added");
    expect(recording.record(event, false)).toBe("known");
    expect(selectors()).toEqual([undefined, { app: "store" }]);
    holders.set("10.0.0.9", { kind: "pod", namespace: "shop", labels: { app: "mail" } });
    expect(recording.record(event, false)).toBe("added");
    // For a while nobody knows who has it: what was recorded stays.
    holders.clear();
    expect(recording.record(event, false)).toBe("known");
    expect(selectors()).toEqual([undefined, { app: "store" }, { app: "mail" }]);
  });

  it("have the same identifier whoever sees them, whatever their ports [learning peers]", () => {
    const of = (...events: NetworkEvent[]): string[] =>
      recordingOf(events, { peers: cluster })
        .surfaces()
        .egress.map(({ identifier }) => identifier);
    expect(of(connect("10.0.0.1", 80))).toEqual(of(connect("10.0.0.1", 81), connect("10.0.0.1", 82, "UDP")));
    expect(of(connect("8.8.8.8"))).not.toEqual(of(connect("8.8.4.4")));
  });

  it("unite the ports of one address, without number where the protocol has none [learning peers]", () => {
    const recording = recordingOf([
      connect("9.9.9.9", 1),
      connect("9.9.9.9", 1, "UDP"),
      connect("9.9.9.9", -1, "ICMP"),
    ]);
    expect(recording.surfaces().egress.map(({ ports }) => ports)).toEqual([
      [
        { name: "TCP-1", protocol: "TCP", port: 1 },
        { name: "UDP-1", protocol: "UDP", port: 1 },
        { name: "ICMP", protocol: "ICMP", port: null },
      ],
    ]);
  });

  it("are never the container itself, nor nobody [learning peers]", () => {
    const none = ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::", ""];
    expect(recordingOf(none.map((address) => connect(address))).size).toBe(0);
    const listening = new NetworkEvent({
      sequence,
      address: "10.1.1.1",
      port: 80,
      direction: "ingress",
      isListening: true,
    });
    expect(recordingOf([listening]).size).toBe(0);
  });

  it("are told by the name that was looked up, all its addresses together [learning dns]", () => {
    const { egress } = recordingOf([
      dns("api.example.com.", "1.1.1.1", "2.2.2.2"),
      connect("1.1.1.1"),
      connect("2.2.2.2"),
      connect("3.3.3.3"),
      dns("asked.example.com."),
    ]).surfaces();
    expect(egress).toMatchObject([
      {
        type: "external",
        dns: "api.example.com.",
        dnsNames: ["api.example.com."],
        ipAddress: "",
        ipAddresses: ["1.1.1.1", "2.2.2.2"],
        ports: [{ name: "TCP-443" }],
      },
      { dns: "", ipAddress: "3.3.3.3" },
      { dnsNames: ["asked.example.com."], ipAddresses: [], ports: [] },
    ]);
  });

  it("get the name that was looked up after the first conversation [learning dns]", () => {
    const recording = recordingOf([connect("1.1.1.1"), dns("late.example.com.", "1.1.1.1"), connect("1.1.1.1")]);
    expect(recording.surfaces().egress.map(({ ipAddress, ipAddresses }) => [ipAddress, ipAddresses])).toEqual([
      ["1.1.1.1", []],
      ["", ["1.1.1.1"]],
    ]);
    const { version } = recording;
    // Names that share an address do not go back and forth.
    recording.record(dns("other.example.com.", "1.1.1.1"), false);
    for (const event of [
      connect("1.1.1.1"),
      dns("late.example.com.", "1.1.1.1"),
      dns("other.example.com.", "1.1.1.1"),
    ]) {
      expect(recording.record(event, false)).toBe("known");
    }
    expect(recording.version).toBe(version + 1);
  });

  it("are any address once more callers came than are told apart; what is called stays apart [learning bounds]", () => {
    const addresses = Array.from({ length: 50 }, (_, at) => `203.0.113.${at + 1}`);
    const recording = recordingOf([...addresses.map((one) => accept(one)), ...addresses.map((one) => connect(one))]);
    const { ingress, egress } = recording.surfaces();
    expect(ingress.map(({ ipAddress }) => ipAddress)).toEqual(["203.0.113.1", "203.0.113.2", "*"]);
    expect(egress).toHaveLength(50);
    const matcher = new AddressMatcher(ingress.map(({ ipAddress }) => ipAddress));
    expect(addresses.every((one) => matcher.matches(one))).toBe(true);
    expect(recording.record(accept("198.51.100.7"), false)).toBe("known");
    expect(recording.record(accept("198.51.100.7", 81), false)).toBe("added");
  });
});
