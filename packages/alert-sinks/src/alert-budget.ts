import type { Alert } from "@kinglet/detection";

import { createNoticeAlert } from "./notice-alert.ts";

/** @public */
export interface AlertBudgetOptions {
  /** Alerts of one namespace that pass in one window, 1 or more. @defaultValue 100 */
  readonly maxPerWindow?: number;
  /** Length of a window in milliseconds; it starts with the first alert of the namespace. @defaultValue 60000 */
  readonly windowMs?: number;
  /** Namespaces counted apart at once; further ones share one budget. @defaultValue 1000 */
  readonly maxNamespaces?: number;
}

interface Window {
  readonly namespace: string;
  readonly clusterName: string;
  readonly nodeName: string;
  readonly fromMs: number;
  passed: number;
  heldBack: number;
  /** Held back by rule; rules beyond the bound count as `other rules`. */
  readonly rules: Map<string, number>;
}

const maxRules = 20;
/** Stands for all namespaces beyond the bound; no namespace can be called so. */
const shared = "*";

/**
 * A budget of alerts for each namespace, so that one noisy workload drowns nobody else: what exceeds it is held back, and one
 * summary alert per window says how many there were, of which rules.
 *
 * Guarantees: pure (time is an argument), bounded; every alert either passes or is counted in exactly one summary. A namespace
 * that keeps to its budget is never affected by others, up to `maxNamespaces`; the ones beyond share one.
 *
 * Cost: one map look-up per alert.
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

  constructor(options: AlertBudgetOptions = {}) {
    this.#maxPerWindow = options.maxPerWindow ?? 100;
    this.#windowMs = options.windowMs ?? 60_000;
    this.#maxNamespaces = options.maxNamespaces ?? 1000;
  }

  /** Namespaces with a window, and summaries not yet collected. */
  get size(): number {
    return this.#windows.size + this.#ended.length;
  }

  /** @returns false when the alert is held back; it is counted in the next summary then. */
  admit(
    alert: Pick<Alert, "namespace" | "ruleId"> & Partial<Pick<Alert, "clusterName" | "nodeName">>,
    nowMs: number,
  ): boolean {
    this.#endWindows(nowMs);
    const window = this.#windows.get(alert.namespace) ?? this.#openWindow(alert, nowMs);
    if (window.passed < this.#maxPerWindow) {
      window.passed++;
      return true;
    }
    window.heldBack++;
    const rule = window.rules.has(alert.ruleId) || window.rules.size < maxRules ? alert.ruleId : "other rules";
    window.rules.set(rule, (window.rules.get(rule) ?? 0) + 1);
    return false;
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

  #openWindow(alert: Partial<Alert> & Pick<Alert, "namespace">, nowMs: number): Window {
    const isShared = this.size >= this.#maxNamespaces;
    const key = isShared ? shared : alert.namespace;
    const existing = isShared ? this.#windows.get(shared) : undefined;
    if (existing !== undefined) return existing;
    const { clusterName = "", nodeName = "" } = alert;
    const rules = new Map<string, number>();
    const window: Window = { namespace: key, clusterName, nodeName, fromMs: nowMs, passed: 0, heldBack: 0, rules };
    this.#windows.set(key, window);
    return window;
  }

  #endWindows(nowMs: number): void {
    for (const [key, window] of this.#windows) {
      if (window.fromMs + this.#windowMs > nowMs) return;
      this.#windows.delete(key);
      if (window.heldBack === 0) continue;
      const earlier = this.#ended.find(({ namespace }) => namespace === key);
      if (earlier === undefined) this.#ended.push(window);
      else merge(earlier, window);
    }
  }

  #summarise(window: Window, nowMs: number): Alert {
    const { namespace, heldBack, passed, rules, clusterName, nodeName } = window;
    const where =
      namespace === shared ? "further namespaces" : namespace === "" ? "no namespace" : `namespace ${namespace}`;
    const parts = [...rules].toSorted(([, a], [, b]) => b - a).map(([rule, count]) => `${rule}: ${count}`);
    return createNoticeAlert({
      ruleId: "KINGLET-BUDGET",
      ruleName: "Alerts held back",
      message: `${heldBack} more alerts of ${where} were held back after ${passed} in ${this.#windowMs / 1000} s (${parts.join(", ")})`,
      nowMs,
      namespace: namespace === shared ? "" : namespace,
      clusterName,
      nodeName,
    });
  }
}

/** Nobody collected in time: two windows of one namespace become one summary, so that the list stays bounded. */
function merge(into: Window, later: Window): void {
  into.passed += later.passed;
  into.heldBack += later.heldBack;
  for (const [rule, count] of later.rules) {
    const name = into.rules.has(rule) || into.rules.size < maxRules ? rule : "other rules";
    into.rules.set(name, (into.rules.get(name) ?? 0) + count);
  }
}
