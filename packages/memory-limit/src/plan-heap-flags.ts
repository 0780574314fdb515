import type { MemoryLimit } from "./read-memory-limit.ts";

/**
 * Marks a process that was started anew with heap flags, so that it does not start itself for ever.
 *
 * @public
 */
export const heapFlagsGuard = "KINGLET_HEAP_FLAGS";

/** What part of the limit the old space may take; the rest is for buffers, code and Node itself. */
const heapShares: Readonly<Record<string, number>> = { "admission-controller": 0.6 };
const defaultHeapShare = 0.75;
const mebibyte = 1_048_576;

/**
 * Which flags the process should run with.
 *
 * @public
 */
export interface HeapFlagPlan {
  /** For `NODE_OPTIONS`: what is there already, and the flags; unchanged when `reExec` is false. */
  readonly nodeOptions: string;
  /** True when the process has to start itself anew for the flags to hold. */
  readonly reExec: boolean;
  /** Why, for the log. */
  readonly reason: string;
}

/**
 * Chooses `--max-old-space-size` as floor(0.95 × limit × share) and `--max-semi-space-size` by the limit.
 *
 * V8 reads these flags once, when the process starts: setting them at run time changes nothing (a limit of 64 MB set that way let
 * 200 MB be allocated), and on its own Node 26 takes 262 MB of heap in a container of 96 MiB. The effective limit is old space + 3 ×
 * semi space, so the default semi space of 32 MB must shrink as well.
 *
 * A flag that somebody gave (`NODE_OPTIONS` or the command line) wins: no plan then. Neither without a limit, nor a second time.
 *
 * @param options - `applet`: decides the share, 0.6 for admission-controller, else 0.75.
 *
 * @public
 */
export function planHeapFlags(
  limit: MemoryLimit,
  options: {
    readonly applet: string;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly execArgv: readonly string[];
  },
): HeapFlagPlan {
  const nodeOptions = options.env["NODE_OPTIONS"] ?? "";
  const stay = (reason: string): HeapFlagPlan => ({ nodeOptions, reExec: false, reason });
  if (options.env[heapFlagsGuard] !== undefined) return stay("heap flags were set at the start");
  if (limit.bytes === undefined) return stay("no memory limit is known");
  const given = /--max[-_](?:old[-_]space[-_]size|heap[-_]size)/;
  if (given.test(nodeOptions) || options.execArgv.some((argument) => given.test(argument))) {
    return stay("a heap flag was given");
  }
  const share = heapShares[options.applet] ?? defaultHeapShare;
  const oldSpace = Math.max(Math.floor((0.95 * limit.bytes * share) / mebibyte), 16);
  const semiSpace = semiSpaceFor(limit.bytes);
  const flags = [`--max-old-space-size=${oldSpace}`];
  const isSemiGiven = /--max[-_]semi[-_]space[-_]size/.test([nodeOptions, ...options.execArgv].join(" "));
  if (semiSpace !== undefined && !isSemiGiven) flags.push(`--max-semi-space-size=${semiSpace}`);
  // SIGUSR1 opens the inspector in the moment before a handler exists; a process that starts anew can close that gap.
  flags.push("--disable-sigusr1");
  return {
    nodeOptions: [nodeOptions, ...flags].join(" ").trim(),
    reExec: true,
    reason: `old space of ${oldSpace} MiB for a limit of ${Math.floor(limit.bytes / mebibyte)} MiB (${limit.source})`,
  };
}

/** MiB; small profiles pay for a large young generation with memory that never comes back. */
function semiSpaceFor(limitBytes: number): number | undefined {
  if (limitBytes < 256 * mebibyte) return 2;
  if (limitBytes < 512 * mebibyte) return 4;
  return limitBytes < 2048 * mebibyte ? 16 : undefined;
}
