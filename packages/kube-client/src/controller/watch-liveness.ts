import { systemClock, type Clock } from "@kinglet/lifecycle";
import type { Informer } from "../informer.ts";
import type { KubeObject } from "../kube-object.ts";

/** Three bookmarks; an informer asks about its version after 90 s of silence, which counts as hearing. */
const SILENCE_MS = 180_000;

/**
 * For `/livez`: a watch that claims to be connected but whose server was not heard for three minutes. Informers give silent watches up and ask about their version themselves
 * well before, so what is named here is stuck.
 *
 * @returns one sentence per such informer; empty while all is well, and while an informer says itself that it waits.
 * @public
 */
export function findSilentWatches(
  informers: Readonly<Record<string, Pick<Informer<KubeObject>, "status" | "lastEventAtMs">>>,
  clock: Clock = systemClock,
): readonly string[] {
  const problems: string[] = [];
  for (const [name, { status, lastEventAtMs }] of Object.entries(informers)) {
    const silentMs = clock.now() - (lastEventAtMs ?? clock.now());
    if (status.state !== "watching" || silentMs <= SILENCE_MS) continue;
    problems.push(`${name}: watching, but nothing has come for ${Math.round(silentMs / 1000)} s`);
  }
  return problems;
}
