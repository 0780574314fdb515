import type { RuntimeEvent } from "@kinglet/enrichment";

export function handle(_event: RuntimeEvent): Promise<void> {
  return Promise.resolve();
}
