import { planHeapFlags, readMemoryLimit, reExec, type MemoryLimit } from "@kinglet/memory-limit";
import type { AppletContext } from "../../applet-context.ts";
import type { SensorConfig } from "./config.ts";

/**
 * Learns the memory limit and makes heap flags follow it.
 *
 * Where a limit is known and nobody gave a heap flag, the program starts itself anew in its place (same pid) with the flags: V8 reads them
 * only at the start. Call it before anything is open.
 *
 * @internal
 */
export function applyMemoryLimit(config: SensorConfig, context: AppletContext): MemoryLimit {
  const limit = readMemoryLimit({ env: { ...context.env, KINGLET_MEMLIMIT: config.memlimit } });
  const plan = planHeapFlags(limit, { applet: context.name, env: context.env, execArgv: context.process.execArgv });
  if (plan.reExec) reExec(plan, { process: context.process, isSingleExecutable: context.isSingleExecutable });
  return limit;
}
