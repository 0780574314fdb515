import {
  createInformer,
  type KubeClient,
  type KubeObject,
  type ListEachOptions,
  type WatchOptions,
} from "@kinglet/kube-client";
import { createBackoff, sleep, type Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { ProfileObjectChange, ProfileWatchHandler } from "@kinglet/profile-cache";

import { profileKinds, profileResource, type ProfileKind } from "../profile-kind.ts";
import type { StoreWatchOptions } from "../profile-store.ts";
import type { ServedKinds } from "../served-kinds.ts";

/** What a watch needs of its store. @internal */
export interface KubernetesProfileWatchContext {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  readonly served: ServedKinds;
}

/** A kind that is not served is looked for again about this often, milliseconds. */
const LOOK_AGAIN_MS = 600_000;
/** Name, namespace, uid and version are always there. */
const NOTHING_ELSE = { paths: ["metadata.name"] };

/**
 * Watches the metadata of the kinds that are served, one stream for each.
 *
 * @internal
 */
export async function watchKubernetesProfiles(
  context: KubernetesProfileWatchContext,
  handler: ProfileWatchHandler,
  options: StoreWatchOptions,
): Promise<void> {
  const kinds = options.kinds ?? profileKinds;
  const overall = new OverallState(handler, kinds);
  await Promise.all(
    kinds.map(async (kind) => {
      if (!(await waitUntilServed(context, kind, overall, options.signal))) return;
      await watchKind(context, kind, overall, options);
    }),
  );
}

/** @returns false when the signal fired first. */
async function waitUntilServed(
  context: KubernetesProfileWatchContext,
  kind: ProfileKind,
  overall: OverallState,
  signal: AbortSignal,
): Promise<boolean> {
  const { served, clock, logger, random } = context;
  const backoff = createBackoff({ initialMs: 1_000, maxMs: 60_000, random });
  while (!signal.aborted) {
    let delayMs = LOOK_AGAIN_MS * (0.9 + 0.2 * random());
    try {
      if (!(await served.isMissing(kind, signal))) return true;
      // Old definitions have no authored kinds; without the learned one a store is of no use.
      overall.set(kind, kind === "ContainerProfile" ? "the API does not serve ContainerProfile" : undefined);
    } catch (error) {
      if (signal.aborted) return false;
      // Not even the group: the informer could say no more than this.
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn("cannot find out which profiles the API serves", { kind, reason });
      overall.set(kind, reason);
      delayMs = backoff.nextDelayMs();
    }
    await sleep(delayMs, { signal, clock }).catch(() => {
      // The signal: the loop ends.
    });
  }
  return false;
}

function watchKind(
  context: KubernetesProfileWatchContext,
  kind: ProfileKind,
  overall: OverallState,
  { namespace, signal }: StoreWatchOptions,
): Promise<void> {
  const { client, clock, logger, random } = context;
  const state = { isListed: false, fault: undefined as string | undefined };
  const settle = (): void => {
    if (state.isListed && state.fault === undefined) overall.set(kind, undefined);
  };
  const failed = (error: unknown): void => {
    if (signal.aborted) return;
    state.fault = error instanceof Error ? error.message : String(error);
    overall.set(kind, state.fault);
  };
  const observed: Pick<KubeClient, "listEach" | "watch"> = {
    listEach: async <T>(resource: Parameters<KubeClient["listEach"]>[0], options: ListEachOptions<T>) => {
      try {
        const result = await client.listEach<T>(resource, options);
        state.isListed = true;
        state.fault = undefined;
        return result;
      } catch (error) {
        failed(error);
        throw error;
      }
    },
    async *watch<T>(resource: Parameters<KubeClient["watch"]>[0], options?: WatchOptions) {
      // After a list: what it changed has been delivered when the watch begins.
      settle();
      try {
        for await (const event of client.watch<T>(resource, options)) {
          yield event;
          state.fault = undefined;
          settle();
        }
      } catch (error) {
        failed(error);
        throw error;
      }
    },
  };
  const informer = createInformer<KubeObject>(observed, profileResource(kind), {
    namespace,
    metadataOnly: true,
    projection: NOTHING_ELSE,
    clock,
    logger,
    random,
  });
  const tell = (type: ProfileObjectChange["type"], object: KubeObject): void => {
    const { namespace: place = "", name, resourceVersion } = object.metadata;
    overall.handler.changed({ type, kind, namespace: place, name, resourceVersion });
  };
  informer.addHandler({
    onAdd: (object) => tell("added", object),
    onUpdate: (object) => tell("modified", object),
    onDelete: (object) => tell("deleted", object),
  });
  return informer.run({ signal });
}

/** Several kinds, one state: synced when each is. */
class OverallState {
  readonly handler: ProfileWatchHandler;
  /** Why a kind is not in sync. */
  readonly #faults = new Map<ProfileKind, string>();
  #isSynced = false;

  constructor(handler: ProfileWatchHandler, kinds: readonly ProfileKind[]) {
    this.handler = handler;
    for (const kind of kinds) this.#faults.set(kind, "not listed yet");
  }

  set(kind: ProfileKind, fault: string | undefined): void {
    if (fault === undefined) this.#faults.delete(kind);
    else this.#faults.set(kind, fault);
    if (fault !== undefined && this.#isSynced) {
      this.#isSynced = false;
      this.handler.lost(fault);
    } else if (this.#faults.size === 0 && !this.#isSynced) {
      this.#isSynced = true;
      this.handler.synced();
    }
  }
}
