import { openTempDir, type TempDir } from "@kinglet/testing";

export const folder: TempDir = await openTempDir();
setTimeout(() => void folder[Symbol.asyncDispose](), 1000);
export const alerts: readonly string[] = ["curl"];
