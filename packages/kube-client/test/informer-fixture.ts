import { createError } from "@kinglet/errors";
import { ManualClock } from "@kinglet/lifecycle";
import {
  createInformer,
  kubeClientErrors,
  pods,
  type Informer,
  type InformerHandler,
  type InformerOptions,
  type KubeClientErrorCode,
  type KubeObject,
} from "../src/index.ts";
import { FakeApi, type ListScript, type WatchScript } from "./fake-api.ts";

/** An error of the client: `GONE`, `SERVER`, … */
export function fault(name: string, details: Record<string, unknown> = {}): Error {
  return createError(kubeClientErrors, `KINGLET_ERR_KUBE_CLIENT_${name}` as KubeClientErrorCode, details);
}

/** A running informer over scripts, at a clock that stands still. */
export interface InformerFixture {
  readonly clock: ManualClock;
  readonly api: FakeApi;
  readonly informer: Informer<KubeObject>;
  /** What a handler that returns nothing was told. */
  readonly log: string[];
  readonly stop: () => Promise<void>;
}

export async function startInformer(
  lists: readonly ListScript[],
  watches: readonly WatchScript[] = [{}],
  options: InformerOptions = {},
): Promise<InformerFixture> {
  const clock = new ManualClock();
  const api = new FakeApi(clock, { lists, watches });
  const informer = createInformer<KubeObject>(api, pods, { clock, random: () => 0, ...options });
  const log: string[] = [];
  informer.addHandler(recorder(log));
  const stopping = new AbortController();
  const running = informer.run({ signal: stopping.signal });
  await clock.advance(0);
  const stop = async (): Promise<void> => {
    stopping.abort(new Error("stop"));
    await running;
  };
  return { clock, api, informer, log, stop };
}

/** Writes down `+name@version`, `name@old>name@new`, `-` for deletions, `x` for tombstones, and `synced`. */
export function recorder(log: string[]): InformerHandler<KubeObject> {
  const text = ({ metadata }: KubeObject): string => `${metadata.name}@${metadata.resourceVersion}`;
  return {
    onAdd: (added) => void log.push(`+${text(added)}`),
    onUpdate: (now, old) => void log.push(`${text(old)}>${text(now)}`),
    onDelete: (gone, { tombstone }) => void log.push(`${tombstone ? "x" : "-"}${text(gone)}`),
    onSynced: () => void log.push("synced"),
  };
}

/** `name@version` of all that an informer holds. */
export function held(informer: Informer<KubeObject>): string[] {
  return [...informer.values()].map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`);
}
