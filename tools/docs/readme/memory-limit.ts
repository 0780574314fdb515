export const isSingleExecutable = false;
export const settings = { maxEntries: 100_000, snapshotDir: undefined };
