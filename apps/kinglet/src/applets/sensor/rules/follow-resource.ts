import type { createInformer, InformerOptions, KubeClient, KubeObject, ResourceDefinition } from "@kinglet/kube-client";
import { createBackoff, sleep, type Clock } from "@kinglet/lifecycle";
import { identityProjection } from "../pods/projections.ts";

/**
 * What following a resource works with.
 *
 * @internal
 */
export interface FollowResourceOptions {
  readonly client: Pick<KubeClient, "list" | "listEach" | "watch">;
  readonly createInformer: typeof createInformer;
  readonly informer: Omit<InformerOptions, "projection">;
  readonly resource: ResourceDefinition;
  /** An object appeared or changed; nobody else keeps it. */
  readonly set: (name: string, object: unknown) => void;
  readonly remove: (name: string) => void;
  /** An object could not be read; it is tried again. */
  readonly unread: (name: string, error: unknown) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** @defaultValue `Math.random` */
  readonly random?: () => number;
}

/** A resource that is followed. @internal */
export interface FollowedResource {
  /** Resolves once every object was handed over, or tried. */
  readonly delivered: Promise<void>;
  /** Resolves with the signal. */
  readonly ended: Promise<void>;
}

const requestTimeoutMs = 10_000;
/** Between two looks whether the first objects are all there, milliseconds. */
const lookMs = 20;

/**
 * Follows which objects of a resource there are, and reads one when it appears or changes: one at a time, and only who is handed an object keeps
 * it. What a namespace may hold in objects is more than a small sensor has memory.
 *
 * @internal
 */
export function followResource(options: FollowResourceOptions): FollowedResource {
  const { client, resource, signal, clock, random = Math.random } = options;
  const retries = new Map<string, AbortController>();
  const informer = options.createInformer<KubeObject>(client, resource, {
    ...options.informer,
    projection: identityProjection,
    metadataOnly: true,
  });

  const read = async ({ metadata: { namespace, name } }: KubeObject, ending: AbortSignal): Promise<void> => {
    const { items } = await client.list<KubeObject>(resource, {
      namespace,
      fieldSelector: `metadata.name=${name}`,
      limit: 0,
      timeoutMs: requestTimeoutMs,
      retries: 0,
      signal: ending,
    });
    ending.throwIfAborted();
    const [object] = items;
    const full = fullName(namespace, name);
    // It is gone already, which the watch will tell, too.
    if (object === undefined) options.remove(full);
    else options.set(full, object);
  };
  const retry = async (object: KubeObject, end: AbortController): Promise<void> => {
    const full = fullName(object.metadata.namespace, object.metadata.name);
    const ending = AbortSignal.any([signal, end.signal]);
    const backoff = createBackoff({ initialMs: 1_000, maxMs: 60_000, random });
    while (!ending.aborted) {
      try {
        await sleep(backoff.nextDelayMs(), { signal: ending, clock });
        await read(object, ending);
        retries.delete(full);
        return;
      } catch {
        // It was told when it failed first.
      }
    }
  };
  const changed = async (object: KubeObject): Promise<void> => {
    const full = fullName(object.metadata.namespace, object.metadata.name);
    forget(full);
    try {
      await read(object, signal);
    } catch (error) {
      if (signal.aborted) return;
      options.unread(full, error);
      const end = new AbortController();
      retries.set(full, end);
      // The others do not wait for it.
      void retry(object, end);
    }
  };
  const forget = (full: string): void => {
    retries.get(full)?.abort();
    retries.delete(full);
  };

  const registration = informer.addHandler({
    onAdd: changed,
    onUpdate: changed,
    onDelete: ({ metadata: { namespace, name } }) => {
      const full = fullName(namespace, name);
      forget(full);
      options.remove(full);
    },
  });
  const ended = informer.run({ signal });
  const deliver = async (): Promise<void> => {
    await informer.waitForSync({ signal });
    while (!registration.isSynced) await sleep(lookMs, { signal, clock });
  };
  const delivered = deliver();
  // Whoever waits for it hears of a stop; nobody has to wait.
  delivered.catch(() => {});
  return { delivered, ended };
}

function fullName(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
