import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "@kinglet/lifecycle";
import { pieceKey, readBundleIndex } from "@kinglet/policy-engine/bundle";
import { watchFiles } from "../server/watch-files.ts";
import type { PolicyStore } from "./policy-store.ts";

const textKeys = ["format", "sha256", "policies", "rules", "pieces"] as const;

/**
 * Offers the bundle of a mounted folder, at once and whenever it changes. Each key of the ConfigMaps is a file.
 *
 * @internal
 */
export function followFolder(folder: string, store: PolicyStore, clock: Clock): Disposable {
  const look = async (): Promise<void> => {
    try {
      const data: Record<string, string | undefined> = {};
      for (const key of textKeys) data[key] = readFileSync(join(folder, key), "utf8");
      const index = readBundleIndex(data);
      if (store.isInForce("folder", index.sha256)) return;
      const pieces = index.pieces.map((_hash, at) => readFileSync(join(folder, pieceKey(at))));
      await store.offer("folder", index, pieces);
    } catch (error) {
      store.reject("folder", error);
    }
  };
  void look();
  return watchFiles([join(folder, "sha256"), join(folder, pieceKey(0))], () => void look(), clock);
}
