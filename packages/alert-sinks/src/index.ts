export type { Alert, AlertSink } from "@kinglet/detection";
export { AlertBudget, type AlertBudgetOptions, type HeldBackChanges, type HeldBackWindow } from "./alert-budget.ts";
export { AlertCooldown, type AlertCooldownOptions } from "./alert-cooldown.ts";
export { AlertQueue, type AlertQueueOptions } from "./alert-queue.ts";
export { alertSinksErrors, type AlertSinksErrorCode } from "./errors.ts";
export { escapeJson } from "./escape-text.ts";
export { HeldBackJournal, type HeldBackJournalOptions } from "./held-back-journal.ts";
export { createStdoutSink, type StdoutSinkOptions } from "./stdout-sink.ts";
