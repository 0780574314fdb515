import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { findProgram, installLinks } from "./built-program.ts";
import { countProfileAlerts, requireAlerts } from "./check-alerts.ts";
import type { CommandLine } from "./command-line.ts";
import { createShop, restartContainer } from "./create-shop.ts";
import type { DemoCluster } from "./demo-cluster.ts";
import type { DemoOutput, PodRow, ProfileRow } from "./demo-output.ts";
import { sumOf, sumsByLabel } from "./metrics-text.ts";
import { playPlan } from "./play-plan.ts";
import { playRecording } from "./play-recording.ts";
import { profilesFromRecording } from "./profiles-from-recording.ts";
import { readRecording, type Recording } from "./read-recording.ts";
import { recordedExecutions } from "./recorded-executions.ts";
import { runSensor, type RunningSensor, type SensorAlert } from "./run-sensor.ts";
import type { WorkloadObjects } from "./shop-objects.ts";
import { shop as workloads } from "./shop.ts";
import { startCluster } from "./start-cluster.ts";
import { openTempFolder } from "./temp-folder.ts";
import { useCluster } from "./use-cluster.ts";
import { waitUntil } from "./wait-until.ts";

/** @internal */
export interface RunDemoOptions {
  readonly commandLine: CommandLine;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly output: DemoOutput;
  readonly signal: AbortSignal;
}

/**
 * The demo, from nothing to the table; everything it opened is on `stack`, which closes it in reverse.
 *
 * @throws coded errors when something is not as expected; the reason of the signal when it was stopped before the table.
 *
 * @internal
 */
export async function runDemo(options: RunDemoOptions, stack: AsyncDisposableStack): Promise<void> {
  const { commandLine, env, output } = options;
  const startedAt = performance.now();
  const program = findProgram();
  const recording = readRecording();
  const executions = recordedExecutions(recording.lines, recording.containers);
  const played = profilesFromRecording(workloads, recording.containers, executions.ofContainers);
  const expected = played.flatMap(({ outside }) => outside);

  const folder = openTempFolder(stack);
  const cluster = await openCluster(options, folder, stack);
  const shop = await createShop(cluster, played, options.signal);
  output.start("cluster", cluster.title, { namespaces: cluster.namespaces, kubeconfig: cluster.kubeconfigPath });

  const tetragonFile = join(folder, "export", "tetragon.log");
  mkdirSync(join(folder, "export"));
  writeFileSync(tetragonFile, "", { mode: 0o600 });
  const link = await installLinks(program, join(folder, "bin"), options.signal);
  const alerts: SensorAlert[] = [];
  const sensor = await runSensor(
    {
      command: [...program.runner, link],
      args: sensorArgs(cluster, tetragonFile, join(folder, "state")),
      // Nothing else: a KINGLET_* variable of the person who runs the demo must not change what it shows.
      env: { PATH: env["PATH"], ...(cluster.kubeconfigPath === undefined ? clusterEnv(env) : {}) },
      onAlert: (alert) => {
        alerts.push(alert);
        output.alert(alert);
      },
      signal: options.signal,
    },
    stack,
  );
  // From here on the end of the sensor ends the demo too.
  const signal = AbortSignal.any([options.signal, sensor.fault]);
  const target = relative(process.cwd(), program.path);
  const { pid, startUpMs, metricsUrl, debugUrl } = sensor;
  output.start("sensor", `${link} -> ${target}, process ${pid}, ready after ${Math.round(startUpMs)} ms`, {
    pid,
    metricsUrl,
    debugUrl,
  });
  output.pods(podRows(shop, cluster));
  output.profiles(profileRows(shop, await profilesInUse(sensor, shop, signal)));

  const plan = planOf(recording, shop);
  output.play(recording.lines.length, commandLine.playSeconds, expected.length);
  await playRecording({
    path: tetragonFile,
    lines: recording.lines,
    plan,
    durationMs: commandLine.playSeconds * 1000,
    onRestart: async (containerId, writtenLines) => {
      // As on a real node: the end of a container is not reported before what it did was.
      await eventsRead(sensor, writtenLines, signal);
      const objects = shop.find((one) => one.played.containers.some(({ id }) => id === containerId));
      if (objects !== undefined) await restartContainer(cluster, objects, containerId, signal);
    },
    signal,
  });
  await eventsRead(sensor, recording.lines.length, signal);
  await executionsSettled(sensor, executions.total, alerts, expected.length, signal);
  requireAlerts(expected, alerts);

  const metrics = await sensor.metrics();
  const byOutcome = sumsByLabel(metrics, "kinglet_sensor_executions_total", "outcome");
  output.result({
    eventsWritten: recording.lines.length,
    rotations: plan.filter(({ kind }) => kind.startsWith("rotate")).length,
    restarts: plan.filter(({ kind }) => kind === "restart").length,
    executionsSeen: sumOf(metrics, "kinglet_sensor_executions_total"),
    executionsByOutcome: Object.fromEntries([...byOutcome].sort(([, one], [, other]) => other - one)),
    alerts: alerts.length,
    alertsExpected: expected.length,
    heapUsedBytes: sumOf(metrics, "kinglet_process_heap_used_bytes"),
    anonymousBytes: sensor.anonymousBytes(),
    startUpMs: sensor.startUpMs,
    tookMs: performance.now() - startedAt,
  });
  if (commandLine.isKept) await stayUp(sensor, cluster, options);
}

function openCluster(options: RunDemoOptions, folder: string, stack: AsyncDisposableStack): Promise<DemoCluster> {
  const { commandLine, env, output, signal } = options;
  if (commandLine.target === "simulated") return startCluster(folder, stack);
  const { isConfirmed, installsCrds } = commandLine;
  return useCluster({ env, isConfirmed, installsCrds, workloadCount: workloads.length, output, signal }, stack);
}

function sensorArgs(cluster: DemoCluster, tetragonFile: string, stateDir: string): string[] {
  return [
    ...(cluster.kubeconfigPath === undefined ? [] : ["--kubeconfig", cluster.kubeconfigPath]),
    ...["--scope", "node", "--node-name", cluster.nodeName, "--cluster-name", cluster.clusterName],
    ...["--tetragon-file", tetragonFile, "--start-at", "beginning", "--state-dir", stateDir, "--output", "json"],
  ];
}

/** What finding a kubeconfig and its credentials needs. */
function clusterEnv(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  const names = ["KUBECONFIG", "HOME", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"];
  return Object.fromEntries(names.filter((name) => env[name] !== undefined).map((name) => [name, env[name]]));
}

/** Rotates where the recording did, once inside a line, and restarts the containers that were restarted. */
function planOf({ lines, rotations }: Recording, shop: readonly WorkloadObjects[]): ReturnType<typeof playPlan> {
  const lives = shop.flatMap(({ played }) => played.containers.slice(1));
  const restarts = lives.map(({ id, startsAtLine }) => ({ line: startsAtLine, containerId: id }));
  return playPlan({ lineCount: lines.length, rotations, insideRotation: 2, restarts });
}

function podRows(shop: readonly WorkloadObjects[], { nodeName }: DemoCluster): PodRow[] {
  return shop.map(({ namespace, podName, played: { workload, containers } }) => ({
    namespace,
    pod: podName,
    container: workload.containerName,
    node: nodeName,
    containerId: containers[0]?.id ?? "",
    recordedAs: workload.recordedAs,
  }));
}

function profileRows(shop: readonly WorkloadObjects[], states: ReadonlyMap<string, string>): ProfileRow[] {
  return shop.map(({ profile, played }) => ({
    workload: played.workload.name,
    profile: profile.metadata.name,
    state: states.get(played.containers[0]?.id ?? "") ?? "unknown",
    permitted: played.permitted.length,
    leftOut: played.leftOut,
  }));
}

/** Waits until the sensor knows the profile of every container of the shop. */
async function profilesInUse(
  sensor: RunningSensor,
  shop: readonly WorkloadObjects[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  let states: ReadonlyMap<string, string> = new Map();
  const areActive = async (): Promise<boolean> => {
    states = await sensor.profileStates();
    return shop.every(({ played }) => states.get(played.containers[0]?.id ?? "") === "active");
  };
  await waitUntil(areActive, { what: "the sensor finding the profiles of all containers", timeoutMs: 10_000, signal });
  return states;
}

async function eventsRead(sensor: RunningSensor, lines: number, signal: AbortSignal): Promise<void> {
  await waitUntil(async () => sumOf(await sensor.metrics(), "kinglet_runtime_events_total") >= lines, {
    what: `the sensor reading the first ${lines} events`,
    timeoutMs: 20_000,
    signal,
  });
}

/** Executions of containers that no pod has are given up on after a few seconds; then every one is accounted for. */
async function executionsSettled(
  sensor: RunningSensor,
  total: number,
  alerts: readonly SensorAlert[],
  expectedAlerts: number,
  signal: AbortSignal,
): Promise<void> {
  await waitUntil(async () => sumOf(await sensor.metrics(), "kinglet_sensor_executions_total") === total, {
    what: `the sensor accounting for ${total} executions`,
    timeoutMs: 20_000,
    signal,
  });
  const endsAt = performance.now() + 3_000;
  // Alerts are on their way through a pipe; a missing one is reported by its name later, not as a timeout.
  const haveCome = (): boolean => countProfileAlerts(alerts) >= expectedAlerts || performance.now() > endsAt;
  await waitUntil(haveCome, { what: "the last alert", timeoutMs: 10_000, signal });
}

/** Stays until the signal fires, which is the end that was asked for, or the sensor ends, which is not. */
async function stayUp(
  sensor: RunningSensor,
  cluster: DemoCluster,
  { output, signal }: Pick<RunDemoOptions, "output" | "signal">,
): Promise<void> {
  const kubeconfig = cluster.kubeconfigPath === undefined ? "" : ` --kubeconfig ${cluster.kubeconfigPath}`;
  const selected = `--field-selector spec.nodeName=${cluster.nodeName}`;
  output.lookAround([
    ...(cluster.kubeconfigPath === undefined ? [] : [`kubeconfig: ${cluster.kubeconfigPath}`]),
    `curl ${sensor.metricsUrl}/readyz?verbose`,
    `curl ${sensor.metricsUrl}/metrics`,
    `curl ${sensor.debugUrl}/debug/containers`,
    `kubectl${kubeconfig} get pods --all-namespaces ${selected}`,
    `kubectl${kubeconfig} get containerprofiles --namespace ${cluster.namespaces.shop}`,
  ]);
  if (cluster.kind === "existing")
    output.note("The cluster may remove the pods any moment now: their node does not exist.");
  await new Promise<void>((resolve) => {
    const either = AbortSignal.any([signal, sensor.fault]);
    if (either.aborted) resolve();
    else either.addEventListener("abort", () => resolve(), { once: true });
  });
  if (!signal.aborted) sensor.fault.throwIfAborted();
}
