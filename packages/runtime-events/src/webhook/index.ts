export { webhookErrors, type WebhookErrorCode } from "./errors.ts";
export { FindingQueue } from "./finding-queue.ts";
export { openWebhookListener } from "./open-webhook-listener.ts";
export type { WebhookListener, WebhookListenerOptions } from "./webhook-listener.ts";
export type { BodyReader, BodyRefusal, WebhookRoute } from "./webhook-route.ts";
