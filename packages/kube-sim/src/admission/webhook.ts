import {
  isJsonRecord,
  readPath,
  recordsIn,
  textOf,
  textsIn,
  type JsonRecord,
  type KubeObject,
} from "../resources/kube-object.ts";
import type { LabelRequirement } from "../selectors/label-selector.ts";
import { readObjectSelector } from "../authorization/object-selector.ts";

/** One rule: which operations on which resources. */
export interface WebhookRule {
  readonly operations: readonly string[];
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  /** `pods`, `pods/exec`, `*`, `*\/*`. */
  readonly resources: readonly string[];
  readonly scope: string;
}

/** Where a webhook listens. */
type WebhookAddress =
  | { readonly kind: "url"; readonly url: string }
  | {
      readonly kind: "service";
      readonly namespace: string;
      readonly name: string;
      readonly port: number;
      readonly path: string;
    };

/** One webhook of one configuration, read and with all defaults. */
export interface Webhook {
  /** Name of the configuration and place in it: the same for as long as it is stored. */
  readonly id: string;
  /** Name of the configuration. */
  readonly configuration: string;
  readonly name: string;
  readonly address: WebhookAddress;
  /** PEM; "" for the authorities that Node trusts. */
  readonly caBundle: string;
  readonly rules: readonly WebhookRule[];
  readonly namespaceSelector: readonly LabelRequirement[];
  readonly objectSelector: readonly LabelRequirement[];
  readonly matchConditions: readonly { readonly name: string; readonly expression: string }[];
  readonly matchesEquivalents: boolean;
  readonly ignoresFailures: boolean;
  readonly sideEffects: string | undefined;
  readonly timeoutSeconds: number;
  readonly reviewVersions: readonly string[];
  readonly isReinvoked: boolean;
}

/** The webhooks of stored configurations, in the order in which they are asked: by name of the configuration, then as they stand. */
export function readWebhooks(configurations: Iterable<KubeObject>): Webhook[] {
  const webhooks: Webhook[] = [];
  const sorted = [...configurations].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  for (const configuration of sorted) {
    const counts = new Map<string, number>();
    for (const hook of recordsIn(configuration["webhooks"])) {
      const name = textOf(hook["name"]);
      const count = counts.get(name) ?? 0;
      counts.set(name, count + 1);
      webhooks.push(readWebhook(hook, configuration.metadata.name, `${name}/${count}`));
    }
  }
  return webhooks;
}

function readWebhook(hook: JsonRecord, configuration: string, place: string): Webhook {
  const sideEffects = hook["sideEffects"];
  const timeout = hook["timeoutSeconds"];
  return {
    id: `${configuration}/${place}`,
    configuration,
    name: textOf(hook["name"]),
    address: readAddress(hook),
    caBundle: Buffer.from(textOf(readPath(hook, "clientConfig.caBundle")), "base64").toString(),
    rules: recordsIn(hook["rules"]).map(readRule),
    namespaceSelector: readObjectSelector(hook["namespaceSelector"]),
    objectSelector: readObjectSelector(hook["objectSelector"]),
    matchConditions: recordsIn(hook["matchConditions"]).map((condition) => ({
      name: textOf(condition["name"]),
      expression: textOf(condition["expression"]),
    })),
    matchesEquivalents: hook["matchPolicy"] !== "Exact",
    ignoresFailures: hook["failurePolicy"] === "Ignore",
    sideEffects: typeof sideEffects === "string" ? sideEffects : undefined,
    timeoutSeconds: typeof timeout === "number" ? timeout : 10,
    reviewVersions: textsIn(hook["admissionReviewVersions"]),
    isReinvoked: hook["reinvocationPolicy"] === "IfNeeded",
  };
}

function readAddress(hook: JsonRecord): WebhookAddress {
  const service = readPath(hook, "clientConfig.service");
  if (!isJsonRecord(service)) return { kind: "url", url: textOf(readPath(hook, "clientConfig.url")) };
  const port = service["port"];
  return {
    kind: "service",
    namespace: textOf(service["namespace"]),
    name: textOf(service["name"]),
    port: typeof port === "number" ? port : 443,
    path: textOf(service["path"]),
  };
}

function readRule(rule: JsonRecord): WebhookRule {
  return {
    operations: textsIn(rule["operations"]),
    apiGroups: textsIn(rule["apiGroups"]),
    apiVersions: textsIn(rule["apiVersions"]),
    resources: textsIn(rule["resources"]),
    scope: textOf(rule["scope"]) === "" ? "*" : textOf(rule["scope"]),
  };
}
