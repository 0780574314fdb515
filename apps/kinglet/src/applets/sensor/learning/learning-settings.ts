import { boolean, integer } from "@kinglet/lazy-schema";
import { setting } from "@kinglet/settings";

/**
 * Settings of learning.
 *
 * @internal
 */
export function learningSettings() {
  const group = "Learning";
  return {
    learn: setting(
      boolean({
        default: true,
        doc: "Learn what containers do, and write it into their profiles (needs create and update)",
      }),
      { group },
    ),
    learningInitialDelay: setting(
      integer({
        unit: "ms",
        min: 100,
        max: 86_400_000,
        default: 120_000,
        doc: "From a container's start to its first report",
      }),
      { group },
    ),
    learningUpdatePeriod: setting(
      integer({
        unit: "ms",
        min: 100,
        max: 86_400_000,
        default: 600_000,
        doc: "Between reports, while there is something to report",
      }),
      { group },
    ),
    learningMaxTime: setting(
      integer({
        unit: "ms",
        min: 100,
        max: 2_592_000_000,
        default: 86_400_000,
        doc: "How long a container is learned; the label kubescape.io/max-sniffing-time of its pod overrides it",
      }),
      { group },
    ),
  };
}
