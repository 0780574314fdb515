import { setTimeout as delay } from "node:timers/promises";
import { InspectorClient } from "./inspector-client.ts";
import { residentMemory, startApplet, type AppletStart, type RunningApplet } from "./running-applet.ts";

/** What the inspector says of an idle applet. */
export interface HeapFigures {
  readonly heapUsed: number;
  readonly heapUsedAndExternal: number;
  readonly timers: number;
  readonly sockets: number;
}

/** Coverage of one script as the inspector reports it. */
interface ScriptCoverage {
  readonly functions: readonly {
    readonly functionName: string;
    readonly ranges: readonly { readonly count: number }[];
  }[];
}

/** The bundler's wrapper functions are named like the source files they hold. */
const moduleName = /^(?:packages|apps|node_modules)\/[\w@./+-]+\.(?:ts|js|mjs|cjs)$/;

/** How long an applet that is ready gets to come to rest, milliseconds. */
const restMs = 1_500;

/**
 * Starts the applet with an inspector, lets it come to rest, forces garbage collections and reads the heap.
 *
 * The inspector's own share (about 0.1 MB) is part of the figure: it is the same in every run.
 *
 * @param start - of the bundle on a plain Node, or of the executable, which has more in its heap and outside it: code caches, what the prelude loads.
 */
export async function measureHeap(start: AppletStart): Promise<HeapFigures> {
  await using applet = await startApplet(withInspector(start, "--inspect=127.0.0.1:0"));
  await delay(restMs);
  using inspector = await InspectorClient.connect(inspectorUrl(applet));
  for (let round = 0; round < 4; round += 1) await inspector.send("HeapProfiler.collectGarbage");
  const { memory, resources } = JSON.parse(
    await inspector.evaluate<string>(
      "JSON.stringify({ memory: process.memoryUsage(), resources: process.getActiveResourcesInfo() })",
    ),
  ) as { readonly memory: NodeJS.MemoryUsage; readonly resources: readonly string[] };
  return {
    heapUsed: memory.heapUsed,
    heapUsedAndExternal: memory.heapUsed + memory.external,
    timers: resources.filter((name) => name === "Timeout" || name === "Immediate").length,
    sockets: resources.filter((name) => /TCP|TLS|Pipe|UDP/.test(name)).length,
  };
}

/**
 * Names of the bundle's modules that have run by the time the applet is at rest.
 *
 * The bundler wraps each module behind a dynamic import in a function named like its source file; those with a call count ran. Modules of
 * the static closure of the entry have no such function and are added from the bundle's metafile by the caller.
 */
export async function evaluatedModules(start: AppletStart, inspectorPort: number): Promise<readonly string[]> {
  const waiting = startApplet(withInspector(start, `--inspect-wait=127.0.0.1:${String(inspectorPort)}`));
  // A start that fails shows when it is awaited below; until then nobody listens.
  waiting.catch(() => undefined);
  using inspector = await InspectorClient.connect(await inspectorUrlAt(inspectorPort));
  await inspector.send("Profiler.enable");
  await inspector.send("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  await inspector.send("Runtime.runIfWaitingForDebugger");
  await using applet = await waiting;
  await delay(restMs);
  const { result } = await inspector.send<{ readonly result: readonly ScriptCoverage[] }>(
    "Profiler.takePreciseCoverage",
  );
  const names = new Set<string>();
  for (const { functionName, ranges } of result.flatMap((script) => script.functions)) {
    if (moduleName.test(functionName) && (ranges[0]?.count ?? 0) > 0) names.add(functionName);
  }
  if (names.size === 0) throw new Error(`no module ran:\n${applet.stderr()}`);
  return [...names].sort();
}

/** Anonymous and whole resident memory of an idle applet, no inspector attached, bytes; and the time it took to become ready. */
export async function measureResident(
  start: AppletStart,
): Promise<{ readonly rss: number; readonly anonymous: number; readonly readyMs: number }> {
  await using applet = await startApplet(start);
  await delay(restMs * 2);
  return { ...(await residentMemory(applet.pid)), readyMs: applet.readyMs };
}

/** A flag for Node: on its command line, or in the environment of an executable, whose command line is all the applet's. */
function withInspector(start: AppletStart, flag: string): AppletStart {
  const [program = "", ...rest] = start.command;
  if (rest.length === 0) return { ...start, env: { ...start.env, NODE_OPTIONS: flag } };
  return { ...start, command: [program, flag, ...rest] };
}

function inspectorUrl(applet: RunningApplet): string {
  const url = /Debugger listening on (ws:\S+)/.exec(applet.stderr())?.[1];
  if (url === undefined) throw new Error(`no inspector:\n${applet.stderr()}`);
  return url;
}

/** The inspector listens a moment after the process was started. */
async function inspectorUrlAt(port: number): Promise<string> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    try {
      const response = await fetch(`http://127.0.0.1:${String(port)}/json/list`);
      const [target] = (await response.json()) as readonly { readonly webSocketDebuggerUrl: string }[];
      if (target !== undefined) return target.webSocketDebuggerUrl;
    } catch {
      // not listening yet
    }
    await delay(25);
  }
  throw new Error(`no inspector on port ${String(port)}`);
}
