import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CertificateIssuer } from "./certificate-issuer.ts";
import { defaultCertificateTimes, trustedBundle, type CertificateState } from "./certificate-state.ts";
import { readCertificate } from "./read-certificate.ts";
import { renewCertificates, type RenewalContext } from "./renew-certificates.ts";
import { x509Issuer } from "./x509-issuer.ts";

const hour = 3_600_000;
const day = 24 * hour;
const start = Date.UTC(2026, 10, 21);
const dnsNames = ["admission-controller.kinglet.svc", "admission-controller.kinglet.svc.cluster.local"];
const times = { authorityMs: 30 * day, servingMs: 6 * day, overlapMs: 2 * hour, skewMs: 300_000 };

/** Counts how often a key was made. */
function countingIssuer(): CertificateIssuer & { issued: number } {
  const issuer: CertificateIssuer & { issued: number } = {
    issued: 0,
    issue: (request) => {
      issuer.issued += 1;
      return x509Issuer.issue(request);
    },
  };
  return issuer;
}

function context(now: number, more: Partial<RenewalContext> = {}): RenewalContext {
  return { issuer: x509Issuer, dnsNames, times, now, isTrusted: () => true, ...more };
}

/** Whether a client that trusts `bundle` accepts the certificate at this time. */
function accepts(bundle: string, certificate: string, now: number): boolean {
  const facts = readCertificate({ certificate });
  if (facts === undefined || now < facts.notBefore || now >= facts.notAfter) return false;
  const authorities = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return authorities.some(
    (pem) => facts.isSignedBy(pem) && now < (readCertificate({ certificate: pem })?.notAfter ?? 0),
  );
}

/** What is left when the Secret of the authorities is lost. */
function stripped({ serving }: CertificateState): CertificateState {
  return serving === undefined ? {} : { serving };
}

describe("renewCertificates", () => {
  it("makes an authority and a serving certificate out of nothing, and then nothing more", async () => {
    const issuer = countingIssuer();
    const first = await renewCertificates({}, context(start, { issuer }));
    expect(first.reasons).toEqual([
      "there is no authority that can be used",
      "there is no serving certificate that can be used",
    ]);
    expect(accepts(trustedBundle(first.state), first.state.serving?.certificate ?? "", start)).toBe(true);
    const again = await renewCertificates(first.state, context(first.nextCheck - 1, { issuer }));
    expect([again.state, again.reasons, issuer.issued]).toEqual([first.state, [], 2]);
    expect(again.state).toBe(first.state);
  });

  it("renews the serving certificate after two thirds of its time and keeps the authority", async () => {
    const { state, nextCheck } = await renewCertificates({}, context(start));
    const renewed = await renewCertificates(state, context(nextCheck));
    expect(renewed.reasons).toEqual(["the serving certificate has lived two thirds of its time"]);
    expect(renewed.state.authority).toBe(state.authority);
  });

  it("issues a serving certificate for other names at once", async () => {
    const { state } = await renewCertificates({}, context(start));
    const { state: renamed, reasons } = await renewCertificates(
      state,
      context(start, { dnsNames: ["other.kinglet.svc"] }),
    );
    expect(reasons).toEqual([`the serving certificate is for ${dnsNames.join(", ")}`]);
    expect(readCertificate(renamed.serving ?? {})?.dnsNames).toEqual(["other.kinglet.svc"]);
  });

  it("lets a new authority sign only when every webhook configuration has trusted it for the overlap", async () => {
    let { state } = await renewCertificates({}, context(start));
    const old = state.authority;
    const due = start + 21 * day;
    ({ state } = await renewCertificates(state, context(due, { isTrusted: () => false })));
    expect(state.next).toBeDefined();
    ({ state } = await renewCertificates(state, context(due + day, { isTrusted: () => false })));
    expect(state.authority).toBe(old);
    ({ state } = await renewCertificates(state, context(due + day)));
    ({ state } = await renewCertificates(state, context(due + day + times.overlapMs - 1)));
    expect(state.authority).toBe(old);
    ({ state } = await renewCertificates(state, context(due + day + times.overlapMs)));
    expect([state.authority?.certificate === old?.certificate, state.previous?.certificate]).toEqual([
      false,
      old?.certificate,
    ]);
    ({ state } = await renewCertificates(state, context(due + day + 2 * times.overlapMs)));
    expect(state.previous).toBe(undefined);
  });

  it("signs with the next authority at once when the present one is lost", async () => {
    const { state } = await renewCertificates({}, context(start));
    const changing = (await renewCertificates(state, context(start + 21 * day))).state;
    const { authority: _, ...lost } = changing;
    const { state: mended } = await renewCertificates(lost, context(start + 21 * day));
    expect(mended.authority?.certificate).toBe(changing.next?.certificate);
  });

  it("keeps trusting what is served when the Secret of the authorities is lost, also when storing fails in between", async () => {
    const { state: first } = await renewCertificates({}, context(start));
    const served = first.serving?.certificate ?? "";
    let stored: CertificateState = { ...stripped(first), servedTrust: trustedBundle(first) };
    for (let loss = 0; loss < 3; loss += 1) {
      const { state } = await renewCertificates(stored, context(start + hour));
      expect(accepts(trustedBundle(state), served, start + hour)).toBe(true);
      expect(accepts(trustedBundle(state), state.serving?.certificate ?? "", start + hour)).toBe(true);
      stored = { ...stripped(state), servedTrust: trustedBundle(state) };
    }
    const { state } = await renewCertificates(stored, context(start + hour));
    const later = await renewCertificates(state, context(start + hour + times.overlapMs));
    expect(later.state.previous).toBe(undefined);
    const tooLate = start + 40 * day;
    const { state: expired } = await renewCertificates(stored, context(tooLate));
    expect(expired.previous).toBe(undefined);
  });

  it.each([
    [
      "an empty key",
      (state: CertificateState) => ({
        ...state,
        authority: { certificate: state.authority?.certificate ?? "", key: "" },
      }),
    ],
    [
      "a key of another certificate",
      (state: CertificateState) => ({
        ...state,
        authority: { certificate: state.authority?.certificate ?? "", key: state.serving?.key ?? "" },
      }),
    ],
    [
      "text that is no PEM",
      (state: CertificateState) => ({ ...state, authority: { certificate: "\u0000%", key: "x" } }),
    ],
    [
      "a serving certificate of 10 MB",
      (state: CertificateState) => ({ ...state, serving: { certificate: "A".repeat(1e7), key: "" } }),
    ],
  ])("replaces %s", async (_, damage) => {
    const { state } = await renewCertificates({}, context(start));
    const { state: mended, reasons } = await renewCertificates(damage(state), context(start));
    expect(reasons.length).toBeGreaterThan(0);
    expect(accepts(trustedBundle(mended), mended.serving?.certificate ?? "", start)).toBe(true);
  });

  it("serves nothing that a client within the overlap would refuse, however often it runs and however late the others learn of it", async () => {
    const runs = fc.array(
      fc.record({
        wait: fc.integer({ min: 60_000, max: 18 * hour }),
        /** How long after a run the API server and a server act on it, both within the overlap. */
        clientLag: fc.integer({ min: 0, max: hour }),
        serverLag: fc.integer({ min: 0, max: hour }),
        isPublishFailing: fc.boolean(),
      }),
      { minLength: 40, maxLength: 60 },
    );
    const shortTimes = { ...times, authorityMs: 12 * day, servingMs: 3 * day };
    let changes = 0;
    await fc.assert(
      fc.asyncProperty(runs, async (steps) => {
        let now = start;
        let { state } = await renewCertificates({}, context(now, { times: shortTimes }));
        let published = trustedBundle(state);
        const bundles: { readonly from: number; readonly bundle: string }[] = [{ from: now, bundle: published }];
        const served: { readonly from: number; readonly certificate: string }[] = [
          { from: now, certificate: state.serving?.certificate ?? "" },
        ];
        for (const { wait, clientLag, serverLag, isPublishFailing } of steps) {
          now += wait;
          ({ state } = await renewCertificates(
            state,
            context(now, { times: shortTimes, isTrusted: (pem) => published.includes(pem.trimEnd()) }),
          ));
          if (state.previous?.since === now) changes += 1;
          if (!isPublishFailing) published = trustedBundle(state);
          bundles.push({ from: now + clientLag, bundle: published });
          served.push({ from: now + serverLag, certificate: state.serving?.certificate ?? "" });
          const at = now + 1;
          const bundle = bundles.findLast(({ from }) => from <= at)?.bundle ?? "";
          const certificate = served.findLast(({ from }) => from <= at)?.certificate ?? "";
          expect(accepts(bundle, certificate, at), `${String((at - start) / hour)} h`).toBe(true);
        }
      }),
      { seed: 1, numRuns: 8 },
    );
    expect(changes).toBeGreaterThan(8);
  });
});

describe("defaultCertificateTimes", () => {
  it("leaves room for both overlaps in the last third of an authority", () => {
    const { authorityMs, servingMs, overlapMs } = defaultCertificateTimes;
    expect(authorityMs / 3).toBeGreaterThan(2 * overlapMs + servingMs / 3);
  });
});
