import {
  namespaces,
  type Informer,
  type createInformer,
  type InformerOptions,
  type KubeClient,
  type KubeObject,
} from "@kinglet/kube-client";
import { sleep, whenAborted, type Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import { namespaceLabelsProjection } from "../pods/namespace-labels-projection.ts";

type Labels = Readonly<Record<string, string>>;

interface LabelledNamespace extends KubeObject {
  readonly metadata: KubeObject["metadata"] & { readonly labels?: Labels };
}

/**
 * What namespace labels work with.
 *
 * @internal
 */
export interface NamespaceLabelsOptions {
  readonly client: KubeClient;
  readonly createInformer: typeof createInformer;
  readonly informer: Omit<InformerOptions, "projection">;
  /** Called when a namespace has other labels than before. */
  readonly onChange: () => void;
  /** Names of the bindings that want them, for the log. */
  readonly wantedBy: () => readonly string[];
  /** How long is waited for the first list of an API that does not answer, milliseconds. */
  readonly patienceMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Following {
  readonly end: AbortController;
  readonly informer: Informer<LabelledNamespace>;
  /** It was said that they cannot be had. */
  isTold: boolean;
}

/** Named in one line of the log. */
const maxNamed = 20;

/**
 * The labels of the cluster's namespaces, followed while somebody wants them and no longer: of each namespace metadata alone is asked for, and
 * the labels are kept.
 *
 * What was known last counts for as long as they cannot be followed: an API that is away for a while changes nothing. What was never known is
 * said once in the log, after the patience.
 *
 * @internal
 */
export class NamespaceLabels {
  readonly #options: NamespaceLabelsOptions;
  readonly #started: PromiseWithResolvers<void> = Promise.withResolvers();
  #signal: AbortSignal | undefined;
  #isWanted = false;
  #following: Following | undefined;
  #known: Promise<void> = Promise.resolve();

  constructor(options: NamespaceLabelsOptions) {
    this.#options = options;
  }

  /** @returns undefined when they are not known: not wanted, not listed yet, or no such namespace. */
  labelsOf(namespace: string): Labels | undefined {
    const known = this.#following?.informer.get(namespace);
    return known === undefined ? undefined : (known.metadata.labels ?? {});
  }

  /** True once all of them were listed. */
  get isKnown(): boolean {
    return this.#following?.informer.isSynced === true;
  }

  /** Why they are not known, or no longer followed, although somebody wants them. */
  get problem(): string | undefined {
    if (this.#following === undefined) return undefined;
    const { isTold, informer } = this.#following;
    const { state, reason } = informer.status;
    if (state === "waiting") return reason;
    return isTold && !informer.isSynced ? `${state}: ${reason}` : undefined;
  }

  /** Begins and ends with the wish. */
  want(isWanted: boolean): void {
    this.#isWanted = isWanted;
    if (this.#signal === undefined) return;
    if (isWanted) this.#follow(this.#signal);
    else this.#leave();
  }

  /** Resolves once they are known as far as they are wanted, or the API had time enough to answer. */
  async settled(): Promise<void> {
    if (this.#isWanted) await this.#started.promise;
    await this.#known;
  }

  /** Follows them, whenever they are wanted, until the signal fires. */
  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    this.#signal = signal;
    this.want(this.#isWanted);
    this.#started.resolve();
    await whenAborted(signal);
    this.#leave();
  }

  #follow(signal: AbortSignal): void {
    if (this.#following !== undefined) return;
    const { client, informer: informerOptions, onChange, patienceMs, clock } = this.#options;
    const end = new AbortController();
    const informer = this.#options.createInformer<LabelledNamespace>(client, namespaces, {
      ...informerOptions,
      projection: namespaceLabelsProjection,
      metadataOnly: true,
    });
    informer.addHandler({
      onAdd: onChange,
      onUpdate: (now, old) => {
        if (JSON.stringify(now.metadata.labels) !== JSON.stringify(old.metadata.labels)) onChange();
      },
      onDelete: onChange,
    });
    const ending = AbortSignal.any([signal, end.signal]);
    const following: Following = { end, informer, isTold: false };
    this.#following = following;
    // Rejects only when it is over.
    void informer.run({ signal: ending }).catch(() => {});
    const synced = informer.waitForSync({ signal: ending });
    this.#known = Promise.race([synced, sleep(patienceMs, { signal: ending, clock })]).then(
      () => this.#tell(following),
      () => {},
    );
    // Before they are over they are known, and after that nobody wants to know.
    void synced.then(
      () => this.#tell(following),
      () => {},
    );
  }

  #tell(following: Following): void {
    const { logger, wantedBy } = this.#options;
    const { isSynced, status } = following.informer;
    // Told already, or there is nothing to tell.
    if (following.isTold !== isSynced) return;
    following.isTold = !isSynced;
    if (isSynced) {
      logger.info("the labels of namespaces are known: bindings that go by them hold where they select");
      return;
    }
    const bindings = wantedBy();
    const message =
      "the labels of namespaces are not known: bindings that go by them hold for every namespace that they could select";
    logger.warn(message, { count: bindings.length, bindings: bindings.slice(0, maxNamed), reason: status.reason });
  }

  #leave(): void {
    this.#following?.end.abort(new Error("no binding asks for labels of namespaces"));
    this.#following = undefined;
    this.#known = Promise.resolve();
  }
}
