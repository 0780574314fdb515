export type { Alert, AlertSink } from "@kinglet/detection";
export { AlertQueue, type AlertQueueOptions } from "./alert-queue.ts";
export { alertSinksErrors, type AlertSinksErrorCode } from "./errors.ts";
export { createStdoutSink, type StdoutSinkOptions } from "./stdout-sink.ts";
