import { ManualClock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";
import { CredentialFiles } from "./credential-files.ts";

describe("CredentialFiles", () => {
  it("gives an access that reads token and authority again when they have changed", async () => {
    await using files = await CredentialFiles.open();
    const pem = (text: string): string => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
    await Promise.all([files.writeToken("one"), files.writeAuthority(pem("a"))]);
    const clock = new ManualClock();
    const { token, tlsSource } = await files.access("https://kubernetes.default.svc:6443", clock);
    if (typeof token !== "object" || tlsSource === undefined) throw new Error("not from files");
    expect([await token.token(), (await tlsSource.credentials()).caPem]).toEqual(["one", pem("a")]);
    await Promise.all([files.writeToken("two"), files.writeAuthority(pem("b"))]);
    token.reject("one");
    tlsSource.reject();
    expect([await token.token(), (await tlsSource.credentials()).caPem]).toEqual(["two", pem("b")]);
  });
});
