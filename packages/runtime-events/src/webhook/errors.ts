import type { ErrorCodeEntry } from "@kinglet/errors";

/** A code of the webhook listener. @public */
export type WebhookErrorCode =
  | "KINGLET_ERR_RUNTIME_EVENTS_WEBHOOK_PLAIN_HTTP"
  | "KINGLET_ERR_RUNTIME_EVENTS_WEBHOOK_OPEN"
  | "KINGLET_ERR_RUNTIME_EVENTS_WEBHOOK_OPTION"
  | "KINGLET_ERR_RUNTIME_EVENTS_WEBHOOK_CERTIFICATE"
  | "KINGLET_ERR_RUNTIME_EVENTS_WEBHOOK_ADDRESS";

/**
 * Error codes of the webhook listener. A table of its own: only a sensor of cluster scope opens one.
 *
 * @public
 */
export const webhookErrors: Readonly<Record<WebhookErrorCode, ErrorCodeEntry>> = {
  KINGLET_ERR_RUNTIME_EVENTS_WEBHOOK_PLAIN_HTTP: {
    message: "the webhook on {bind} would take findings over plain HTTP from other machines",
    retryable: false,
    remedy: "Give a certificate and its key, or bind it to 127.0.0.1 or ::1.",
  },
  KINGLET_ERR_RUNTIME_EVENTS_WEBHOOK_OPEN: {
    message: "the webhook on {bind} would take findings from anybody",
    retryable: false,
    remedy: "Give the authority of the clients' certificates, a token file, or both.",
  },
  KINGLET_ERR_RUNTIME_EVENTS_WEBHOOK_OPTION: {
    message: "webhook setting {option} is {value}, allowed is {range}",
    retryable: false,
    remedy: "Correct the setting.",
  },
  KINGLET_ERR_RUNTIME_EVENTS_WEBHOOK_CERTIFICATE: {
    message: "certificate file {path} of the webhook cannot be used: {reason}",
    retryable: false,
    remedy: "Mount a PEM certificate chain and the key that belongs to it, readable for this process.",
  },
  KINGLET_ERR_RUNTIME_EVENTS_WEBHOOK_ADDRESS: {
    message: "the webhook cannot listen on {bind}: {reason}",
    retryable: true,
    remedy:
      "Choose an address of this machine and a port that is free and may be opened (1024 and up without privileges).",
  },
};
