import { hasCode } from "@kinglet/errors";

import { createCsvExporter } from "../src/exporters/csv-exporter.ts";
import { createAlert } from "./create-alert.ts";

const path = process.argv[2] ?? "";
const { signal } = new AbortController();
const exporter = createCsvExporter({ path });
await exporter.send([createAlert(1)], { signal });
const many = Array.from({ length: 50 }, (_, index) => createAlert(index + 2));
try {
  await exporter.send(many, { signal });
} catch (error) {
  if (hasCode(error, "KINGLET_ERR_ALERT_SINKS_FILE")) process.stdout.write(`${error.code}\n`);
}
await exporter[Symbol.asyncDispose]();
