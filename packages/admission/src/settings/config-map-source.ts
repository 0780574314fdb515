import { createError, hasCode } from "@kinglet/errors";
import {
  createInformer,
  type InformerOptions,
  type KubeClient,
  type KubeObject,
  type Projection,
  type ResourceDefinition,
} from "@kinglet/kube-client";
import { createBackoff, type Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";
import { bundleName, documentName, pieceKey, readBundleIndex } from "@kinglet/policy-engine/bundle";
import { createConfigMapDecoder } from "./gen/config-map-decoder.ts";
import { createConfigMapIdentityDecoder } from "./gen/config-map-identity-decoder.ts";
import { admissionErrors } from "../errors.ts";
import type { PolicyStore } from "./policy-store.ts";

const configMaps: ResourceDefinition = {
  group: "",
  version: "v1",
  plural: "configmaps",
  kind: "ConfigMap",
  namespaced: true,
};

// The decoders are written by build/write-decoders.ts from these paths; a test holds them together.

/** What is kept of the ConfigMap that is watched: that it is there, in which version. */
const configMapIdentity: Projection = { paths: [], protobuf: createConfigMapIdentityDecoder };

/** What is read of a bundle's ConfigMaps. */
const configMapContent: Projection = { paths: ["data", "binaryData"], protobuf: createConfigMapDecoder };

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

/**
 * Follows the bundle in the API until the signal fires.
 *
 * Only the first ConfigMap is watched, by its name and without its content; when its version changes it is read, and the others when its index says that they changed.
 * A bundle whose pieces do not fit yet is being written: it is read again with growing delays, and at once when its version changes.
 *
 * @internal
 */
export async function followConfigMap(
  options: {
    readonly client: KubeClient;
    readonly namespace: string;
    readonly name?: string;
    readonly store: PolicyStore;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly metrics: Metrics;
  },
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { client, namespace, store, clock, name = bundleName } = options;
  const informerOptions: InformerOptions = {
    clock,
    logger: options.logger,
    metrics: options.metrics,
    namespace,
    fieldSelector: `metadata.name=${name}`,
    metadataOnly: true,
    projection: configMapIdentity,
  };
  const informer = createInformer<KubeObject>(client, configMaps, informerOptions);
  let isWanted = false;
  let wake = (): void => {};
  const changed = (): void => {
    isWanted = true;
    wake();
  };
  /** Until something changes or it is over; at the latest after that time. */
  const pause = (delayMs: number | undefined): Promise<void> =>
    new Promise((resolve) => {
      const timer = delayMs === undefined ? undefined : clock.startTimer(() => wake(), delayMs);
      wake = () => {
        wake = () => {};
        timer?.cancel();
        resolve();
      };
    });
  const absent = (): void => {
    const reason = `ConfigMap ${namespace}/${name} does not exist`;
    store.reject("api", createError(admissionErrors, "KINGLET_ERR_ADMISSION_POLICIES", { source: "the API", reason }));
  };
  informer.addHandler({
    onAdd: changed,
    onUpdate: changed,
    onDelete: absent,
    onSynced: () => {
      if (informer.size === 0) absent();
    },
  });
  const running = informer.run({ signal });
  const backoff = createBackoff({ initialMs: 500, maxMs: 60_000 });
  signal.addEventListener("abort", () => wake(), { once: true });
  const reading = (async () => {
    let delayMs: number | undefined;
    while (!signal.aborted) {
      if (!isWanted) await pause(delayMs);
      if (signal.aborted) return;
      isWanted = false;
      delayMs = undefined;
      if (await readBundle(client, namespace, name, store, signal)) backoff.reset();
      else delayMs = backoff.nextDelayMs();
    }
  })();
  await Promise.all([running, reading]);
}

/** @returns false when it is worth trying again. */
async function readBundle(
  client: KubeClient,
  namespace: string,
  name: string,
  store: PolicyStore,
  signal: AbortSignal,
): Promise<boolean> {
  const projection = configMapContent;
  try {
    const first = await client.get<ConfigMap>(configMaps, name, { namespace, projection, signal });
    const index = readBundleIndex(first.data ?? {});
    if (store.isInForce("api", index.sha256) && store.problem === "") return true;
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < index.pieces.length; at++) {
      const map =
        at === 0
          ? first
          : await client.get<ConfigMap>(configMaps, documentName(at, name), { namespace, projection, signal });
      pieces.push(Buffer.from(map.binaryData?.[pieceKey(at)] ?? "", "base64"));
    }
    await store.offer("api", index, pieces);
    // A broken one stays broken until it is written anew; one whose hashes do not fit may be half written.
    return store.isInForce("api", index.sha256) || !store.problem.includes("BUNDLE_HASH");
  } catch (error) {
    if (signal.aborted) return true;
    store.reject("api", error);
    return !isPassing(error);
  }
}

function isPassing(error: unknown): boolean {
  if (hasCode(error, "KINGLET_ERR_POLICY_ENGINE_BUNDLE_FORMAT")) return false;
  return (
    (error as { readonly retryable?: unknown }).retryable !== false ||
    hasCode(error, "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND")
  );
}
