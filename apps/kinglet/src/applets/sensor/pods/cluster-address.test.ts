import { describe, expect, it } from "vitest";
import { clusterAddress } from "./cluster-address.ts";

describe("clusterAddress", () => {
  it.each([
    ["10.0.0.1", "10.0.0.1"],
    ["::ffff:10.0.0.1", "10.0.0.1"],
    ["172.16.0.1", "172.16.0.1"],
    ["172.31.255.255", "172.31.255.255"],
    ["192.168.1.1", "192.168.1.1"],
    ["100.64.0.1", "100.64.0.1"],
    ["100.127.1.1", "100.127.1.1"],
    ["fd00:10:244::5", "fd00:10:244::5"],
    ["fc12::1", "fc12::1"],
    ["172.15.0.1", undefined],
    ["172.32.0.1", undefined],
    ["100.63.0.1", undefined],
    ["100.128.0.1", undefined],
    ["8.8.8.8", undefined],
    ["127.0.0.1", undefined],
    ["169.254.169.254", undefined],
    ["2001:db8::1", undefined],
    ["fe80::1", undefined],
    ["", undefined],
    ["10.0.0.1,metadata.name=x", undefined],
    ["fd00::1,a=b", undefined],
  ])("of %s is %s [peers A-1]", (address, expected) => {
    expect(clusterAddress(address)).toBe(expected);
  });
});
