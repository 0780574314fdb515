import type * as AlertExporters from "./alerts/alert-exporters.ts";
import type * as Learning from "./learning/container-learning.ts";
import type * as DebugViews from "./debug/debug-views.ts";
import type * as JudgementModule from "./events/judgement.ts";
import type * as MoreSources from "./events/more-sources.ts";
import type * as Findings from "./events/open-findings.ts";
import type * as RuleRooms from "./rules/rule-room.ts";
import type * as YamlText from "./commands/yaml-text.ts";
import type * as YamlDocuments from "./rules/yaml-documents.ts";
import type * as LinuxAudit from "@kinglet/runtime-events/linux-audit";
import type * as TetragonGrpc from "@kinglet/runtime-events/tetragon-grpc";
import type * as Peers from "./pods/peer-book.ts";
import type * as RunNames from "./pods/run-names.ts";
import type * as SensorCommands from "./commands/run-sensor-command.ts";
import type * as ServeSensor from "./serve-sensor.ts";

/**
 * Everything that serves. It is loaded after the heap flags are decided: with a memory limit the program starts itself anew at that point, and
 * what was loaded before would be loaded twice (18 ms, Node 26.10).
 */
export const loadServeSensor = (): Promise<typeof ServeSensor> => import("./serve-sensor.ts");

/** What names the profiles of CronJobs: about 6 KB of text that a sensor without a run of one does not need. */
export const loadRunNames = (): Promise<typeof RunNames> => import("./pods/run-names.ts");

/** What `GET /debug/...` shows: a person asks for it. */
export const loadDebugViews = (): Promise<typeof DebugViews> => import("./debug/debug-views.ts");

/** What events of containers pass: rules, repetitions, cooldown, budget. Needed with the first such event. */
export const loadJudgement = (): Promise<typeof JudgementModule> => import("./events/judgement.ts");

/** What learns: needed with the first container, or when an earlier process left something behind. */
export const loadLearning = (): Promise<typeof Learning> => import("./learning/container-learning.ts");

/** Rules, those of the API and of files too: needed with the first container. */
export const loadRuleRoom = (): Promise<typeof RuleRooms> => import("./rules/rule-room.ts");

/** Whose an address is: needed with the first conversation with a private address that is learned or asked about. */
export const loadPeers = (): Promise<typeof Peers> => import("./pods/peer-book.ts");

/** YAML: only for files of rules. */
export const loadYamlDocuments = (): Promise<typeof YamlDocuments> => import("./rules/yaml-documents.ts");

/** Other sources than Tetragon's file alone. */
export const loadMoreSources = (): Promise<typeof MoreSources> => import("./events/more-sources.ts");

/** Tetragon's stream. */
export const loadTetragonGrpc = (): Promise<typeof TetragonGrpc> => import("@kinglet/runtime-events/tetragon-grpc");

/** The kernel's audit. */
export const loadLinuxAudit = (): Promise<typeof LinuxAudit> => import("@kinglet/runtime-events/linux-audit");

/** Listeners and logs of the Kubernetes audit and of Falco: only where one is set. */
export const loadFindings = (): Promise<typeof Findings> => import("./events/open-findings.ts");

/** Receivers of alerts besides standard output: only when one is set. */
export const loadAlertExporters = (): Promise<typeof AlertExporters> => import("./alerts/alert-exporters.ts");

/** `sensor explain`, `sensor allow`: a person runs them. */
export const loadSensorCommands = (): Promise<typeof SensorCommands> => import("./commands/run-sensor-command.ts");

/** YAML for people. */
export const loadYamlText = (): Promise<typeof YamlText> => import("./commands/yaml-text.ts");
