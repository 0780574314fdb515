import type { TetragonFileSource, TetragonFileSourceOptions } from "./tetragon-file-source.ts";

/** @public */
export function openTetragonFileSource(_options: TetragonFileSourceOptions): Promise<TetragonFileSource> {
  return Promise.reject(new Error("not yet"));
}
