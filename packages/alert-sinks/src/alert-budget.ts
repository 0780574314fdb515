import type { Alert } from "@kinglet/detection";

import { createNoticeAlert } from "./notice-alert.ts";
import { RuleFirsts } from "./rule-firsts.ts";

/** @public */
export interface AlertBudgetOptions {
  /** Alerts of one namespace that pass in one window, 1 or more; 30 at most pass beyond it, see {@link AlertBudget}. @defaultValue 100 */
  readonly maxPerWindow?: number;
  /** Length of a window in milliseconds; it starts with the first alert of the namespace. @defaultValue 60000 */
  readonly windowMs?: number;
  /** Namespaces counted apart at once; further ones share one budget. @defaultValue 1000 */
  readonly maxNamespaces?: number;
}

/** What was held back in one window, as it outlives a process. @public */
export interface HeldBackWindow {
  /** `uniqueId` of the summary that tells of it. */
  readonly id: string;
  /** `*` for all namespaces beyond the bound. */
  readonly namespace: string;
  readonly clusterName: string;
  readonly nodeName: string;
  /** When it began, milliseconds since 1970. */
  readonly fromMs: number;
  readonly passed: number;
  readonly heldBack: number;
  /** Alerts held back, by rule. */
  readonly rules: Readonly<Record<string, number>>;
  /** The highest of what was held back; absent when unknown. */
  readonly severity?: number;
}

/** What changed in the books. @public */
export interface HeldBackChanges {
  /** As they are now. */
  readonly windows: readonly HeldBackWindow[];
  /** Ids of windows that are part of another one now. */
  readonly gone: readonly string[];
}

interface Window {
  readonly namespace: string;
  readonly clusterName: string;
  readonly nodeName: string;
  readonly fromMs: number;
  readonly fromWallMs: number;
  passed: number;
  heldBack: number;
  /** Held back by rule; rules beyond the bound count as `other rules`. */
  readonly rules: Map<string, number>;
  /** The highest of what was held back; 0 when unknown. */
  severity: number;
  /** Of what passed. */
  readonly firsts: RuleFirsts;
}

const maxRules = 20;
/** Stands for all namespaces beyond the bound; no namespace can be called so. */
const shared = "*";

/**
 * A budget of alerts for each namespace, so that one noisy workload drowns nobody else: what exceeds it is held back, and one
 * summary alert per window says how many there were, of which rules, and is as severe as the most severe of them.
 *
 * A flood must not hide what else happens in its namespace, or noise of little weight would be a cloak: beyond the budget the first alert of each rule
 * still passes, 20 rules in a window, and what is more severe than all that passed in it, 10 times.
 *
 * Guarantees: pure (time is an argument), bounded; every alert either passes or is counted in exactly one summary. A namespace
 * that keeps to its budget is never affected by others, up to `maxNamespaces`; the ones beyond share one.
 *
 * Cost: two look-ups per alert.
 *
 * @public
 */
export class AlertBudget {
  readonly #maxPerWindow: number;
  readonly #windowMs: number;
  readonly #maxNamespaces: number;
  /** In the order of `fromMs`, because all windows are equally long and a new one is added at the end. */
  readonly #windows = new Map<string, Window>();
  /** Ended windows that held something back and are not collected yet; as many as namespaces at most. */
  #ended: Window[] = [];
  readonly #changed = new Set<Window>();
  #gone: string[] = [];

  constructor(options: AlertBudgetOptions = {}) {
    this.#maxPerWindow = options.maxPerWindow ?? 100;
    this.#windowMs = options.windowMs ?? 60_000;
    this.#maxNamespaces = options.maxNamespaces ?? 1000;
  }

  /** Namespaces with a window, and summaries not yet collected. */
  get size(): number {
    return this.#windows.size + this.#ended.length;
  }

  /**
   * @param nowMs - of a clock that never goes back.
   * @param wallMs - time of day, milliseconds since 1970; makes the windows of different processes different. @defaultValue nowMs
   * @returns false when the alert is held back; it is counted in the next summary then.
   */
  admit(
    alert: Pick<Alert, "namespace" | "ruleId"> & Partial<Pick<Alert, "clusterName" | "nodeName" | "severity">>,
    nowMs: number,
    wallMs: number = nowMs,
  ): boolean {
    this.#endWindows(nowMs);
    const window = this.#windows.get(alert.namespace) ?? this.#openWindow(alert, nowMs, wallMs);
    const isBeyond = window.passed >= this.#maxPerWindow;
    if (!isBeyond || window.firsts.mayPass(alert)) {
      window.firsts.passed(alert, { isBeyond });
      window.passed++;
      return true;
    }
    window.heldBack++;
    window.severity = Math.max(window.severity, alert.severity ?? 0);
    this.#changed.add(window);
    const rule = window.rules.has(alert.ruleId) || window.rules.size < maxRules ? alert.ruleId : "other rules";
    window.rules.set(rule, (window.rules.get(rule) ?? 0) + 1);
    return false;
  }

  /** What was held back since the last call; for whoever keeps it beyond this process. */
  takeChanges(): HeldBackChanges {
    const windows = [...this.#changed].map(toRecord);
    const gone = this.#gone;
    this.#changed.clear();
    this.#gone = [];
    return { windows, gone };
  }

  /**
   * Takes over the windows of an earlier process whose summaries were not told; before the first alert. A rule of which something was held back had its
   * first alert pass there.
   */
  restore(windows: readonly HeldBackWindow[], nowMs: number, wallMs: number): void {
    for (const one of windows.toSorted((a, b) => a.fromMs - b.fromMs)) {
      // A wall clock that jumped makes a window longer or shorter, never lost.
      const ageMs = Math.min(Math.max(wallMs - one.fromMs, 0), this.#windowMs);
      const existing = this.#windows.get(one.namespace);
      if (existing !== undefined) this.#end(one.namespace, existing);
      this.#windows.set(one.namespace, {
        ...one,
        fromMs: nowMs - ageMs,
        fromWallMs: one.fromMs,
        rules: new Map(Object.entries(one.rules)),
        severity: one.severity ?? 0,
        firsts: new RuleFirsts(Object.keys(one.rules), one.severity ?? Infinity),
      });
    }
  }

  /** When the next summary is due, on the same clock; undefined when nothing was held back: no timer is needed then. */
  nextSummaryMs(): number | undefined {
    const [ended] = this.#ended;
    if (ended !== undefined) return ended.fromMs + this.#windowMs;
    for (const window of this.#windows.values()) if (window.heldBack > 0) return window.fromMs + this.#windowMs;
    return undefined;
  }

  /**
   * Takes the summaries that are due, each once. They are not subject to the budget.
   *
   * @param wallMs - time of day for the alerts, milliseconds since 1970; `nowMs` may be of another clock.
   * @param options - `all`: also of windows that have not ended, for the end of the process.
   */
  takeSummaries(nowMs: number, wallMs: number, options: { readonly all?: boolean } = {}): Alert[] {
    this.#endWindows(options.all === true ? Infinity : nowMs);
    const ended = this.#ended;
    this.#ended = [];
    return ended.map((window) => this.#summarise(window, wallMs));
  }

  #openWindow(alert: Partial<Alert> & Pick<Alert, "namespace">, nowMs: number, fromWallMs: number): Window {
    const isShared = this.size >= this.#maxNamespaces;
    const key = isShared ? shared : alert.namespace;
    const existing = isShared ? this.#windows.get(shared) : undefined;
    if (existing !== undefined) return existing;
    const { clusterName = "", nodeName = "" } = alert;
    const window: Window = {
      namespace: key,
      clusterName,
      nodeName,
      fromMs: nowMs,
      fromWallMs,
      passed: 0,
      heldBack: 0,
      rules: new Map(),
      severity: 0,
      firsts: new RuleFirsts(),
    };
    this.#windows.set(key, window);
    return window;
  }

  #endWindows(nowMs: number): void {
    for (const [key, window] of this.#windows) {
      if (window.fromMs + this.#windowMs > nowMs) return;
      this.#end(key, window);
    }
  }

  #end(key: string, window: Window): void {
    this.#windows.delete(key);
    if (window.heldBack === 0) return;
    const earlier = this.#ended.find(({ namespace }) => namespace === key);
    if (earlier === undefined) {
      this.#ended.push(window);
      return;
    }
    merge(earlier, window);
    this.#changed.delete(window);
    this.#changed.add(earlier);
    this.#gone.push(idOf(window));
  }

  #summarise(window: Window, nowMs: number): Alert {
    const { namespace, heldBack, passed, rules } = window;
    const where =
      namespace === shared ? "further namespaces" : namespace === "" ? "no namespace" : `namespace ${namespace}`;
    const parts = [...rules].toSorted(([, a], [, b]) => b - a).map(([rule, count]) => `${rule}: ${count}`);
    const message = `${heldBack} more alerts of ${where} were held back after ${passed} in ${this.#windowMs / 1000} s (${parts.join(", ")})`;
    return createSummary(window, message, nowMs);
  }
}

/** Told again after a crash, it has the same `uniqueId`: it depends on the window alone. */
function createSummary(window: Window, message: string, nowMs: number): Alert {
  const { namespace, clusterName, nodeName, fromWallMs, severity } = window;
  return createNoticeAlert({
    ruleId: "KINGLET-BUDGET",
    ruleName: "Alerts held back",
    message,
    nowMs,
    namespace: namespace === shared ? "" : namespace,
    clusterName,
    nodeName,
    identity: `${namespace}\n${fromWallMs}`,
    ...(severity > 0 && { severity }),
  });
}

function idOf(window: Window): string {
  return createSummary(window, "", 0).uniqueId;
}

function toRecord(window: Window): HeldBackWindow {
  const { namespace, clusterName, nodeName, fromWallMs, passed, heldBack, rules, severity } = window;
  const id = idOf(window);
  return {
    id,
    namespace,
    clusterName,
    nodeName,
    fromMs: fromWallMs,
    passed,
    heldBack,
    rules: Object.fromEntries(rules),
    ...(severity > 0 && { severity }),
  };
}

/** Nobody collected in time: two windows of one namespace become one summary, so that the list stays bounded. */
function merge(into: Window, later: Window): void {
  into.passed += later.passed;
  into.heldBack += later.heldBack;
  into.severity = Math.max(into.severity, later.severity);
  for (const [rule, count] of later.rules) {
    const name = into.rules.has(rule) || into.rules.size < maxRules ? rule : "other rules";
    into.rules.set(name, (into.rules.get(name) ?? 0) + count);
  }
}
