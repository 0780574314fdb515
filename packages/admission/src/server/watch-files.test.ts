import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { systemClock, ManualClock } from "@kinglet/lifecycle";
import { openTempDir, waitFor } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { pem } from "../../test/open-webhook.ts";
import { certificatePaths, readCertificate } from "./certificate-files.ts";
import { watchFiles } from "./watch-files.ts";

describe("watchFiles", () => {
  it("notices a swap of the folder's symbolic link, as mounted Secrets change", async () => {
    await using folder = await openTempDir("kinglet-watch-");
    for (const version of ["1", "2"]) {
      mkdirSync(folder.file(`..${version}`));
      writeFileSync(folder.file(`..${version}/tls.crt`), version);
    }
    symlinkSync("..1", folder.file("..data"));
    symlinkSync("..data/tls.crt", folder.file("tls.crt"));
    let changes = 0;
    using _watch = watchFiles([folder.file("tls.crt")], () => changes++, systemClock);
    symlinkSync("..2", folder.file("..new"));
    renameSync(folder.file("..new"), folder.file("..data"));
    await waitFor(async () => changes === 1, { describe: "the change" });
  });

  it("finds what the system does not tell within a minute, also files that come later", async () => {
    await using folder = await openTempDir("kinglet-watch-");
    const clock = new ManualClock();
    let changes = 0;
    using _watch = watchFiles([folder.file("later/tls.crt")], () => changes++, clock);
    mkdirSync(folder.file("later"));
    writeFileSync(folder.file("later/tls.crt"), "x");
    await clock.advance(60_000);
    expect(changes).toBe(1);
    await clock.advance(60_000);
    expect(changes).toBe(1);
  });
});

describe("readCertificate", () => {
  it("refuses what cannot be served, with a code and the path", async () => {
    await using folder = await openTempDir("kinglet-certificate-");
    const [certificate, key] = certificatePaths(folder.path);
    const failure = expect.objectContaining({ code: "KINGLET_ERR_ADMISSION_CERTIFICATE" }) as unknown;
    expect(() => readCertificate(folder.path)).toThrow(failure);
    writeFileSync(certificate, pem("server-one.pem"));
    writeFileSync(key, pem("server-two.key"));
    expect(() => readCertificate(folder.path)).toThrow(failure);
    writeFileSync(key, "no key");
    expect(() => readCertificate(folder.path)).toThrow(failure);
    writeFileSync(key, pem("server-one.key"));
    expect(readCertificate(folder.path).certificatePem).toContain("BEGIN CERTIFICATE");
  });
});
