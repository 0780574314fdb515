import type { Alert } from "@kinglet/detection";
import { createError } from "@kinglet/errors";

import { alertSinksErrors } from "../src/errors.ts";
import type { Exporter } from "../src/exporters/exporter.ts";

/** Takes everything at once unless told otherwise. */
export class ScriptedExporter implements Exporter {
  readonly name: string;
  readonly maxBatch: number;
  readonly batches: Alert[][] = [];
  attempts = 0;
  state: "up" | "away" | "refusing" | "hanging" = "up";

  constructor(name: string, maxBatch = 1) {
    this.name = name;
    this.maxBatch = maxBatch;
  }

  async send(alerts: readonly Alert[]): Promise<void> {
    this.attempts++;
    if (this.state === "hanging") await new Promise(() => {});
    if (this.state === "away") throw new Error("connection refused");
    if (this.state === "refusing")
      throw createError(alertSinksErrors, "KINGLET_ERR_ALERT_SINKS_REJECTED", { status: 400 });
    this.batches.push([...alerts]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  /** Of what arrived; -1 stands for the notice of a gap. */
  ids(): number[] {
    return this.batches.flat().map(({ uniqueId, ruleId }) => (ruleId === "KINGLET-GAP" ? -1 : Number(uniqueId)));
  }
}
