import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createServingCertificate } from "./serving-certificate.ts";

describe("createServingCertificate", () => {
  const now = Date.UTC(2026, 0, 1);
  const made = createServingCertificate(now);
  const authority = new X509Certificate(made.caPem);
  const server = new X509Certificate(made.certificatePem);

  it("makes an authority that signed itself and the server", () => {
    expect(authority.ca).toBe(true);
    expect(server.ca).toBe(false);
    expect(authority.verify(authority.publicKey)).toBe(true);
    expect(server.verify(authority.publicKey)).toBe(true);
    expect(server.checkIssued(authority)).toBe(true);
  });

  it("names the loopback addresses and is valid now and for a year", () => {
    expect(server.checkHost("localhost")).toBe("localhost");
    expect(server.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(server.checkIP("::1")).toBeDefined();
    expect(server.checkHost("example.com")).toBeUndefined();
    expect(server.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    expect(Date.parse(server.validFrom)).toBeLessThan(now);
    expect(Date.parse(server.validTo)).toBe(now + 365 * 86_400_000);
  });

  it("gives every simulator keys and a serial number of its own", () => {
    const other = createServingCertificate(now);
    expect(other.privateKeyPem).not.toBe(made.privateKeyPem);
    expect(new X509Certificate(other.certificatePem).serialNumber).not.toBe(server.serialNumber);
  });
});
