import type { WebhookConfiguration } from "./desired-webhooks.ts";
import { isSameValue } from "./is-same-value.ts";

/** A configuration as the API server has it. */
export interface StoredWebhookConfiguration {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly webhooks?: readonly { readonly name: string }[];
}

/**
 * What of a stored configuration differs from the desired one: names of webhooks, and `labels`; empty when nothing does.
 *
 * Foreign labels and annotations are somebody else's business; a foreign webhook is not, because it would be called with our name on it.
 */
export function webhookDrift(stored: StoredWebhookConfiguration, desired: WebhookConfiguration): readonly string[] {
  const wanted = new Map<string, unknown>(desired.webhooks.map((webhook) => [webhook.name, webhook]));
  const drifted: string[] = [];
  for (const webhook of stored.webhooks ?? []) {
    if (!isSameValue(webhook, wanted.get(webhook.name))) drifted.push(webhook.name);
    wanted.delete(webhook.name);
  }
  drifted.push(...wanted.keys());
  const { labels = {} } = stored.metadata;
  if (Object.entries(desired.metadata.labels).some(([key, value]) => labels[key] !== value)) drifted.push("labels");
  return drifted;
}

/** The stored configuration with everything desired; keeps what is not ours. */
export function withDesiredWebhooks<T extends StoredWebhookConfiguration>(stored: T, desired: WebhookConfiguration): T {
  const labels = { ...stored.metadata.labels, ...desired.metadata.labels };
  return { ...stored, metadata: { ...stored.metadata, labels }, webhooks: desired.webhooks };
}
