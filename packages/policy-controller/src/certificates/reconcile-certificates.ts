import { hasCode } from "@kinglet/errors";
import type { Clock } from "@kinglet/lifecycle";
import { noopLogger, type Logger } from "@kinglet/logger";
import type { KubeClient, ResourceDefinition } from "@kinglet/kube-client";
import { desiredWebhooks, type WebhookSettings } from "../webhooks/desired-webhooks.ts";
import { webhookDrift, withDesiredWebhooks, type StoredWebhookConfiguration } from "../webhooks/webhook-drift.ts";
import type { CertificateIssuer } from "./certificate-issuer.ts";
import {
  authoritiesData,
  hasData,
  readCertificateState,
  servingData,
  type StoredSecret,
} from "./certificate-secrets.ts";
import { trustedBundle, type CertificateTimes } from "./certificate-state.ts";
import { renewCertificates } from "./renew-certificates.ts";

/** @public */
export const secrets: ResourceDefinition = {
  group: "",
  version: "v1",
  plural: "secrets",
  kind: "Secret",
  namespaced: true,
};

/** @public */
export const validatingWebhookConfigurations: ResourceDefinition = {
  group: "admissionregistration.k8s.io",
  version: "v1",
  plural: "validatingwebhookconfigurations",
  kind: "ValidatingWebhookConfiguration",
  namespaced: false,
};

/** What reconciling the webhook's registration and certificates works with. @public */
export interface CertificateReconcilerOptions {
  readonly client: Pick<KubeClient, "get" | "create" | "replace">;
  readonly issuer: CertificateIssuer;
  readonly webhook: WebhookSettings;
  /** Names of the two Secrets in the service's namespace. */
  readonly secretNames: { readonly authorities: string; readonly serving: string };
  readonly times: CertificateTimes;
  readonly clock: Clock;
  readonly logger?: Logger;
}

/** What a pass did. @public */
export interface CertificatePass {
  /** When to look again although nothing changes, milliseconds from now. */
  readonly againAfterMs: number;
  /** Objects that were written. */
  readonly writes: number;
}

/**
 * Renews what is due, stores it, and registers the webhooks with what is trusted now. Idempotent; writes nothing when everything is as it should be.
 *
 * The serving certificate is stored before the authorities, so that the time for which an old authority stays trusted begins when servers can have the new
 * certificate; the next pass continues where one that failed has stopped.
 *
 * @throws what the API server answers, KINGLET_ERR_KUBE_CLIENT_CONFLICT among it when somebody else wrote in between: reconcile again.
 * @public
 */
export async function reconcileCertificates(
  options: CertificateReconcilerOptions,
  signal: AbortSignal,
): Promise<CertificatePass> {
  const { client, webhook, secretNames, clock, logger = noopLogger } = options;
  const { namespace, name } = webhook.service;
  const authorities = await find<StoredSecret>(options, secrets, secretNames.authorities, signal);
  const serving = await find<StoredSecret>(options, secrets, secretNames.serving, signal);
  const configuration = await find<StoredWebhookConfiguration>(
    options,
    validatingWebhookConfigurations,
    webhook.name,
    signal,
  );
  const now = clock.now();
  const { state, reasons, nextCheck } = await renewCertificates(readCertificateState(authorities, serving), {
    issuer: options.issuer,
    dnsNames: [`${name}.${namespace}.svc`, `${name}.${namespace}`, `${name}.${namespace}.svc.cluster.local`],
    times: options.times,
    now,
    isTrusted: (authority) => trustsEverywhere(configuration, authority),
  });
  for (const reason of reasons) logger.info("webhook certificates change", { reason });
  let writes = 0;
  const write = async (
    secretName: string,
    stored: StoredSecret | undefined,
    type: string,
    data: StoredSecret["data"],
  ) => {
    if (hasData(stored, data ?? {})) return;
    writes += 1;
    if (stored === undefined) {
      const object = { apiVersion: "v1", kind: "Secret", metadata: { name: secretName, namespace }, type, data };
      await client.create(secrets, object, { namespace, signal });
    } else await client.replace(secrets, { ...stored, data }, { namespace, signal });
  };
  await write(secretNames.serving, serving, "kubernetes.io/tls", servingData(state));
  await write(secretNames.authorities, authorities, "Opaque", authoritiesData(state));
  const desired = desiredWebhooks(webhook, trustedBundle(state));
  if (configuration === undefined) {
    writes += 1;
    await client.create(validatingWebhookConfigurations, desired, { signal });
  } else {
    const drifted = webhookDrift(configuration, desired);
    if (drifted.length > 0) {
      writes += 1;
      logger.info("webhook configuration is brought back to what it should be", { name: webhook.name, drifted });
      await client.replace(validatingWebhookConfigurations, withDesiredWebhooks(configuration, desired), { signal });
    }
  }
  return { againAfterMs: Math.max(1000, nextCheck - now), writes };
}

async function find<T>(
  { client, webhook }: CertificateReconcilerOptions,
  resource: ResourceDefinition,
  name: string,
  signal: AbortSignal,
): Promise<T | undefined> {
  const { namespace } = webhook.service;
  try {
    return await client.get<T>(resource, name, { signal, ...(resource.namespaced ? { namespace } : {}) });
  } catch (error) {
    if (hasCode(error, "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND")) return undefined;
    throw error;
  }
}

/** Whether every webhook of a configuration has this authority in its bundle. */
function trustsEverywhere(configuration: StoredWebhookConfiguration | undefined, authority: string): boolean {
  const { webhooks = [] } = configuration ?? {};
  return (
    webhooks.length > 0 &&
    webhooks.every((webhook) => {
      const { caBundle } = (webhook as { clientConfig?: { caBundle?: unknown } }).clientConfig ?? {};
      return typeof caBundle === "string" && Buffer.from(caBundle, "base64").includes(authority.trimEnd());
    })
  );
}
