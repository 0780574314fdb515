import type { KubeClient } from "@kinglet/kube-client";
import { ManualClock } from "@kinglet/lifecycle";
import type { ClusterFixture } from "@kinglet/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readCertificateState, type StoredSecret } from "../src/certificates/certificate-secrets.ts";
import { readCertificate } from "../src/certificates/read-certificate.ts";
import {
  reconcileCertificates,
  secrets,
  validatingWebhookConfigurations,
  type CertificateReconcilerOptions,
} from "../src/certificates/reconcile-certificates.ts";
import { x509Issuer } from "../src/certificates/x509-issuer.ts";
import type { Webhook } from "../src/webhooks/desired-webhooks.ts";
import { openClient } from "./open-client.ts";

const hour = 3_600_000;
const day = 24 * hour;
const { signal } = new AbortController();
const namespace = "kinglet-certificates";
const secretNames = { authorities: "kinglet-webhook-ca", serving: "kinglet-webhook-tls" };
interface Stored {
  readonly metadata: { readonly resourceVersion: string; readonly labels?: Readonly<Record<string, string>> };
  readonly webhooks: readonly Webhook[];
}

/** What reconciling certificates and registration does at an API server. */
export function describeCertificates(name: string, open: () => Promise<ClusterFixture>): void {
  describe(name, () => {
    let cluster: ClusterFixture;
    let client: KubeClient;
    let clock: ManualClock;
    let options: CertificateReconcilerOptions;

    beforeAll(async () => {
      cluster = await open();
      client = openClient(cluster);
      await client.create(
        { ...secrets, plural: "namespaces", kind: "Namespace", namespaced: false },
        {
          apiVersion: "v1",
          kind: "Namespace",
          metadata: { name: namespace },
        },
      );
    });

    afterAll(async () => {
      await client?.[Symbol.asyncDispose]();
      await cluster?.[Symbol.asyncDispose]();
    });

    beforeEach(async () => {
      clock = new ManualClock({ now: Date.UTC(2026, 10, 21) });
      options = {
        client,
        issuer: x509Issuer,
        webhook: {
          name: "kinglet-admission",
          service: { namespace, name: "admission-controller", port: 443 },
          failurePolicy: { deploy: "Ignore", events: "Ignore" },
          timeoutSeconds: 12,
          excludedNamespaces: [],
        },
        secretNames,
        times: { authorityMs: 30 * day, servingMs: 6 * day, overlapMs: hour, skewMs: 300_000 },
        clock,
      };
      await Promise.allSettled([
        client.delete(secrets, secretNames.authorities, { namespace }),
        client.delete(secrets, secretNames.serving, { namespace }),
        client.delete(validatingWebhookConfigurations, "kinglet-admission"),
      ]);
    });

    const state = async () =>
      readCertificateState(
        await client.get<StoredSecret>(secrets, secretNames.authorities, { namespace }),
        await client.get<StoredSecret>(secrets, secretNames.serving, { namespace }),
      );
    const registered = () => client.get<Stored>(validatingWebhookConfigurations, "kinglet-admission");
    /** What all webhooks trust. */
    const bundle = async (): Promise<string | undefined> => {
      const { webhooks } = await registered();
      const [trusted, ...others] = new Set(webhooks.map(({ clientConfig }) => clientConfig.caBundle));
      expect(others).toEqual([]);
      return trusted === undefined ? undefined : Buffer.from(trusted, "base64").toString("utf8");
    };

    it("registers webhooks that trust the certificate which servers get, and then writes nothing", async () => {
      const first = await reconcileCertificates(options, signal);
      expect(first.writes).toBe(3);
      const { serving, authority } = await state();
      expect(readCertificate(serving ?? {})?.isSignedBy(authority?.certificate ?? "")).toBe(true);
      expect(await bundle()).toBe(authority?.certificate);
      for (let pass = 0; pass < 3; pass += 1) expect((await reconcileCertificates(options, signal)).writes).toBe(0);
    });

    it("repairs what others change in the registration, and leaves their labels alone", async () => {
      await reconcileCertificates(options, signal);
      const { webhooks } = await registered();
      const [first, second] = webhooks;
      await client.patch(
        validatingWebhookConfigurations,
        "kinglet-admission",
        {
          metadata: { labels: { team: "shop", "app.kubernetes.io/part-of": null } },
          webhooks: [
            { ...first, failurePolicy: "Fail", rules: [] },
            { ...second, name: "foreign.example.com" },
          ],
        },
        { type: "merge" },
      );
      expect((await reconcileCertificates(options, signal)).writes).toBe(1);
      const repaired = await registered();
      expect(repaired.webhooks).toEqual(webhooks);
      expect(repaired.metadata.labels).toMatchObject({ team: "shop", "app.kubernetes.io/part-of": "kinglet" });
      expect((await reconcileCertificates(options, signal)).writes).toBe(0);
    });

    it("changes the authority with an overlap of old and new in the bundle", async () => {
      await reconcileCertificates(options, signal);
      const old = (await state()).authority?.certificate ?? "";
      await clock.advance(20 * day);
      await reconcileCertificates(options, signal);
      const next = (await state()).next?.certificate ?? "";
      expect(await bundle()).toBe(old + next);
      await reconcileCertificates(options, signal);
      await clock.advance(hour);
      await reconcileCertificates(options, signal);
      const { serving } = await state();
      expect(readCertificate(serving ?? {})?.isSignedBy(next)).toBe(true);
      expect(await bundle()).toBe(next + old);
      await clock.advance(hour);
      await reconcileCertificates(options, signal);
      expect(await bundle()).toBe(next);
    });

    it("keeps a lost authority in the bundle until servers have the certificate of the new one", async () => {
      await reconcileCertificates(options, signal);
      const old = (await state()).authority?.certificate ?? "";
      await client.delete(secrets, secretNames.authorities, { namespace });
      await reconcileCertificates(options, signal);
      const { authority, serving } = await state();
      const now = authority?.certificate ?? "";
      expect(now).not.toBe(old);
      expect(readCertificate(serving ?? {})?.isSignedBy(now)).toBe(true);
      expect(await bundle()).toBe(now + old);
      expect((await reconcileCertificates(options, signal)).writes).toBe(0);
      await clock.advance(hour);
      await reconcileCertificates(options, signal);
      expect(await bundle()).toBe(now);
    });

    it("does not make a new authority when a pass ended between its writes", async () => {
      const failing = (after: number): CertificateReconcilerOptions => {
        let writes = 0;
        const write = <A extends readonly unknown[], R>(call: (...args: A) => Promise<R>) => {
          return (...args: A): Promise<R> => {
            writes += 1;
            return writes > after ? Promise.reject(new Error("the process ended")) : call(...args);
          };
        };
        return {
          ...options,
          client: {
            get: client.get.bind(client),
            create: write(client.create.bind(client)) as KubeClient["create"],
            replace: write(client.replace.bind(client)) as KubeClient["replace"],
          },
        };
      };
      await reconcileCertificates(options, signal);
      await clock.advance(20 * day);
      await reconcileCertificates(options, signal);
      await reconcileCertificates(options, signal);
      await clock.advance(hour);
      const next = (await state()).next?.certificate;
      for (const after of [0, 1, 1]) {
        await expect(reconcileCertificates(failing(after), signal)).rejects.toThrow("the process ended");
      }
      await reconcileCertificates(options, signal);
      expect((await state()).authority?.certificate).toBe(next);
      expect((await reconcileCertificates(options, signal)).writes).toBe(0);
    });

    it("replaces Secrets that hold something else", async () => {
      const garbage = Buffer.from("garbage").toString("base64");
      for (const [secretName, data] of [
        [secretNames.authorities, { "ca.crt": garbage, "ca.key": garbage, "next-since": garbage }],
        [secretNames.serving, { "tls.crt": garbage, "tls.key": garbage }],
      ] as const) {
        await client.create(secrets, {
          apiVersion: "v1",
          kind: "Secret",
          metadata: { name: secretName, namespace },
          data,
        });
      }
      await reconcileCertificates(options, signal);
      const { serving, authority } = await state();
      expect(readCertificate(serving ?? {})?.isSignedBy(authority?.certificate ?? "")).toBe(true);
      expect((await reconcileCertificates(options, signal)).writes).toBe(0);
    });
  });
}
