import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "@kinglet/lifecycle";
import type { AuditLog } from "../audit/audit-log.ts";
import { WebhookAdmission } from "../admission/webhook-admission.ts";
import { WebhookCaller } from "../admission/webhook-caller.ts";
import { WebhookMatcher } from "../admission/webhook-matcher.ts";
import { recordFields } from "../apply/field-manager.ts";
import { AccessControl } from "../authorization/access-control.ts";
import { checkEscalation } from "../authorization/escalation-check.ts";
import { RbacAuthorizer, type RoleSource } from "../authorization/rbac-authorizer.ts";
import { ServiceAccountTokens } from "../authorization/service-account-tokens.ts";
import type { SimUser } from "../authorization/user-info.ts";
import { isDeclared, structureOf } from "../decoding/resource-structure.ts";
import { decodeTyped } from "../decoding/typed-decoder.ts";
import type { FaultTable } from "../faults/fault-table.ts";
import { kindValidation } from "../kinds/kind-validation.ts";
import { ObjectReader } from "../reading/object-reader.ts";
import type { KubeObject } from "../resources/kube-object.ts";
import type { RuledResource } from "../resources/kind-rules.ts";
import type { ResourceRegistry } from "../resources/resource-registry.ts";
import { apiVersionOf } from "../resources/sim-resource.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import type { ResourceTable } from "../storage/resource-table.ts";
import { applyDefaults } from "../writing/default-values.ts";
import { MutationHandler } from "../writing/mutation-handler.ts";
import type { ObjectWriter } from "../writing/object-writer.ts";
import type { WritePipeline } from "../writing/write-pipeline.ts";
import { ApiServer } from "./api-server.ts";
import { registerRequestHandlers } from "./register-request-handlers.ts";
import type { RequestJournal } from "./request-journal.ts";

/** What answering requests works on. */
export interface RequestServerParts {
  readonly options: {
    readonly bookmarkIntervalMs?: number;
    readonly resolveService?: (namespace: string, name: string, port: number) => string | undefined;
  };
  readonly registry: ResourceRegistry;
  readonly store: ObjectStore;
  readonly writer: ObjectWriter;
  /** What clients' writes go through: filled in here. */
  readonly pipeline: WritePipeline;
  readonly faults: FaultTable;
  readonly journal: RequestJournal;
  readonly audit: AuditLog | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly users: ReadonlyMap<string, SimUser>;
  /** Roles and bindings decide. */
  readonly isEnforced: boolean;
}

/** Everything between the connection and the store: credentials, access, admission, reading, writing, representations. */
export class RequestServer {
  readonly #reader: ObjectReader;
  readonly #webhooks: WebhookCaller;
  readonly #server: ApiServer;

  constructor(parts: RequestServerParts) {
    const { options, registry, store, writer, pipeline, clock, random } = parts;
    registerRequestHandlers(registry);
    this.#reader = new ObjectReader({
      store,
      clock,
      random,
      bookmarkIntervalMs: options.bookmarkIntervalMs ?? 60_000,
    });
    const access = new AccessControl({
      tokens: parts.users,
      serviceAccountTokens: new ServiceAccountTokens(clock, (resource, namespace, name) =>
        store.table(resource).get(namespace === "" ? name : `${namespace}/${name}`),
      ),
      rbac: parts.isEnforced ? new RbacAuthorizer(rolesIn(store)) : undefined,
    });
    this.#webhooks = new WebhookCaller({ clock, store, resolveService: options.resolveService ?? (() => undefined) });
    const admission = new WebhookAdmission({
      store,
      access,
      matcher: new WebhookMatcher(store, registry),
      caller: this.#webhooks,
      complete: completePatched,
    });
    pipeline.recordFields = recordFields;
    const validation = kindValidation();
    pipeline.findProblems = (resource, ...change) =>
      resource.isCustom === true ? [] : validation[`${apiVersionOf(resource)} ${resource.kind}`]?.(...change);
    pipeline.mutate = async (attempt) => {
      const object = await admission.mutate(attempt);
      checkEscalation(access, { ...attempt, object });
      return object;
    };
    pipeline.validate = (attempt) => admission.validate(attempt);
    this.#server = new ApiServer({
      registry,
      reader: this.#reader,
      mutations: new MutationHandler({ store, writer, reader: this.#reader, registry, access, clock, random }),
      access,
      faults: parts.faults,
      journal: parts.journal,
      audit: parts.audit,
      clock,
    });
  }

  /** Never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    return this.#server.handle(request, response);
  }

  /** Ends the watches of a resource that is not served any more. */
  closeWatches(group: string, plural: string): void {
    this.#reader.closeWatches(group, plural);
  }

  close(): void {
    this.#webhooks.close();
  }
}

/** What a webhook's patch made, as if it had been sent: decoded, with defaults. */
function completePatched(resource: RuledResource, patched: KubeObject): KubeObject {
  const decoded = isDeclared(resource) ? decodeTyped(structureOf(resource), patched).value : patched;
  const object = decoded as KubeObject;
  object.metadata.name ??= "";
  if (resource.defaults !== undefined) applyDefaults(object, resource.defaults);
  resource.rules?.().default?.(object);
  return object;
}

function rolesIn(store: ObjectStore): RoleSource {
  const table = (plural: string): ResourceTable => store.table(`${plural}.rbac.authorization.k8s.io`);
  return {
    values: (plural) => table(plural).values(),
    get: (plural, namespace, name) => table(plural).get(namespace === "" ? name : `${namespace}/${name}`),
  };
}
