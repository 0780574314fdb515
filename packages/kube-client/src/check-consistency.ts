import { hasCode } from "@kinglet/errors";
import { noopMetrics, type Metrics } from "@kinglet/metrics";
import { objectKey, type Informer } from "./informer.ts";
import type { KubeClient, SelectOptions } from "./kube-client.ts";
import type { KubeObject } from "./kube-object.ts";
import { INFORMER_MISMATCHES_TOTAL } from "./metrics.ts";
import type { ResourceDefinition } from "./resource-definition.ts";

/** Differences that are kept; the others are only counted. */
const MAX_REPORTED = 100;

/** One object that the store and the server do not agree on. @public */
export interface Mismatch {
  /** As of `objectKey`. */
  readonly key: string;
  /** `uid@resourceVersion` in the store; undefined: not there. */
  readonly held: string | undefined;
  /** `uid@resourceVersion` on the server; undefined: not there. */
  readonly served: string | undefined;
}

/** @public */
export interface ConsistencyReport {
  /** `unknown`: nothing to compare yet, or the server no longer has the state of the store. */
  readonly state: "consistent" | "inconsistent" | "unknown";
  /** The state that was compared. */
  readonly resourceVersion: string;
  /** Objects compared. */
  readonly objects: number;
  /** All differences. */
  readonly mismatchCount: number;
  /** The first 100 differences. */
  readonly mismatches: readonly Mismatch[];
}

/**
 * Compares an informer's store with what the server had at the store's version, object by object by uid and resourceVersion. A mismatch is a defect of the
 * client or the server, never a matter of timing: both sides are one and the same state.
 *
 * A tool for tests and for doubts, not for a timer: it costs the server a list from its storage (metadata only) and this process a table of the store's keys
 * and versions while it runs (about 200 bytes an object).
 *
 * @param options - the selection of the informer; `metrics`: counts mismatches as `kinglet_kube_informer_mismatches_total`.
 * @throws what the list throws, but for a version that is gone.
 * @see kubernetes/client-go `tools/cache/reflector_data_consistency_detector.go`, which does the same after each streaming list.
 * @public
 */
export async function checkConsistency(
  client: Pick<KubeClient, "listEach">,
  resource: ResourceDefinition,
  informer: Pick<Informer<KubeObject>, "isSynced" | "resourceVersion" | "values">,
  options: Omit<SelectOptions, "projection" | "metadataOnly"> & { readonly metrics?: Metrics } = {},
): Promise<ConsistencyReport> {
  const { metrics = noopMetrics, ...select } = options;
  const { resourceVersion } = informer;
  const unknown: ConsistencyReport = {
    state: "unknown",
    resourceVersion,
    objects: 0,
    mismatchCount: 0,
    mismatches: [],
  };
  if (!informer.isSynced || resourceVersion === "" || resourceVersion === "0") return unknown;
  const heldStates = (): Map<string, string> => new Map(states);
  const states = [...informer.values()].map((object): [string, string] => [objectKey(object), stateOf(object)]);
  let held = heldStates();
  let mismatches: Mismatch[] = [];
  let mismatchCount = 0;
  let objects = 0;
  const note = (mismatch: Mismatch): void => {
    mismatchCount++;
    if (mismatches.length < MAX_REPORTED) mismatches.push(mismatch);
  };
  try {
    await client.listEach<KubeObject>(resource, {
      ...select,
      metadataOnly: true,
      projection: { paths: [] },
      resourceVersion,
      resourceVersionMatch: "Exact",
      onItem: (object) => {
        objects++;
        const key = objectKey(object);
        const served = stateOf(object);
        const ours = held.get(key);
        held.delete(key);
        if (ours !== served) note({ key, held: ours, served });
      },
      onRestart: () => {
        held = heldStates();
        mismatches = [];
        mismatchCount = 0;
        objects = 0;
      },
    });
  } catch (error) {
    if (hasCode(error, "KINGLET_ERR_KUBE_CLIENT_GONE")) return unknown;
    throw error;
  }
  for (const [key, state] of held) note({ key, held: state, served: undefined });
  if (mismatchCount > 0) metrics.counter(INFORMER_MISMATCHES_TOTAL).add(mismatchCount, { resource: resource.plural });
  return {
    state: mismatchCount === 0 ? "consistent" : "inconsistent",
    resourceVersion,
    objects,
    mismatchCount,
    mismatches,
  };
}

function stateOf({ metadata }: { readonly metadata: KubeObject["metadata"] }): string {
  return `${metadata.uid}@${metadata.resourceVersion}`;
}
