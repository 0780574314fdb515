import type { ContainerIdentity, PodView, RuntimeEvent } from "@kinglet/enrichment";

export const informer: { onAdd: (pod: PodView) => void; onDelete: (pod: PodView) => void } = {
  onAdd: () => {},
  onDelete: () => {},
};

export const source = {
  run: (_options: { signal: AbortSignal; deliver: (event: RuntimeEvent) => void }): Promise<void> => Promise.resolve(),
};

export function detect(_event: RuntimeEvent, _container: ContainerIdentity | undefined): void {}
