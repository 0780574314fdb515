export function watchPods(_options: { signal: AbortSignal }): Promise<void> {
  return Promise.resolve();
}
