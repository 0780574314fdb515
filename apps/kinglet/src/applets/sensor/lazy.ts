import type * as AlertExporters from "./alert-exporters.ts";
import type * as BuiltinRules from "./builtin-rule-pack.ts";
import type * as Learning from "./container-learning.ts";
import type * as DebugViews from "./debug-views.ts";
import type * as JudgementModule from "./judgement.ts";
import type * as RunNames from "./run-names.ts";
import type * as ServeSensor from "./serve-sensor.ts";

/**
 * Everything that serves. It is loaded after the heap flags are decided: with a memory limit the program starts itself anew at that point, and
 * what was loaded before would be loaded twice (18 ms, Node 26.10).
 */
export const loadServeSensor = (): Promise<typeof ServeSensor> => import("./serve-sensor.ts");

/** What names the profiles of CronJobs: about 6 KB of text that a sensor without a run of one does not need. */
export const loadRunNames = (): Promise<typeof RunNames> => import("./run-names.ts");

/** What `GET /debug/...` shows: a person asks for it. */
export const loadDebugViews = (): Promise<typeof DebugViews> => import("./debug-views.ts");

/** What events of containers pass: rules, repetitions, cooldown, budget. Needed with the first such event. */
export const loadJudgement = (): Promise<typeof JudgementModule> => import("./judgement.ts");

/** What learns: needed with the first container, or when an earlier process left something behind. */
export const loadLearning = (): Promise<typeof Learning> => import("./container-learning.ts");

/** The rules that the sensor brings along: needed with the first container. */
export const loadBuiltinRules = (): Promise<typeof BuiltinRules> => import("./builtin-rule-pack.ts");

/** Receivers of alerts besides standard output: only when one is set. */
export const loadAlertExporters = (): Promise<typeof AlertExporters> => import("./alert-exporters.ts");
