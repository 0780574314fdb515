import {
  namespaces,
  type Informer,
  type createInformer,
  type InformerOptions,
  type KubeClient,
  type KubeObject,
} from "@kinglet/kube-client";
import { sleep, whenAborted, type Clock } from "@kinglet/lifecycle";
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
  /** How long is waited for the first list of an API that does not answer, milliseconds. */
  readonly patienceMs: number;
  readonly clock: Clock;
}

/**
 * The labels of the cluster's namespaces, followed while somebody wants them and no longer: of each namespace metadata alone is asked for, and
 * the labels are kept.
 *
 * @internal
 */
export class NamespaceLabels {
  readonly #options: NamespaceLabelsOptions;
  readonly #started: PromiseWithResolvers<void> = Promise.withResolvers();
  #signal: AbortSignal | undefined;
  #isWanted = false;
  #following: { readonly end: AbortController; readonly informer: Informer<LabelledNamespace> } | undefined;
  #known: Promise<void> = Promise.resolve();

  constructor(options: NamespaceLabelsOptions) {
    this.#options = options;
  }

  /** @returns undefined when they are not known: not wanted, not listed yet, or no such namespace. */
  labelsOf(namespace: string): Labels | undefined {
    const known = this.#following?.informer.get(namespace);
    return known === undefined ? undefined : (known.metadata.labels ?? {});
  }

  /** Why they are not known although somebody wants them. */
  get problem(): string | undefined {
    const status = this.#following?.informer.status;
    return status?.state === "waiting" ? status.reason : undefined;
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
    this.#following = { end, informer };
    // Rejects only when it is over.
    void informer.run({ signal: ending }).catch(() => {});
    this.#known = Promise.race([
      informer.waitForSync({ signal: ending }),
      sleep(patienceMs, { signal: ending, clock }),
    ]).catch(() => {});
  }

  #leave(): void {
    this.#following?.end.abort(new Error("no binding asks for labels of namespaces"));
    this.#following = undefined;
    this.#known = Promise.resolve();
  }
}
