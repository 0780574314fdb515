import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createError } from "@kinglet/errors";
import { systemClock, type Clock } from "@kinglet/lifecycle";
import type { AuditLog } from "./audit/audit-log.ts";
import { loadAuditLog } from "./audit/lazy.ts";
import { ApiRefusal } from "./refusals/api-refusal.ts";
import { CustomResources } from "./custom-resources/custom-resources.ts";
import { DeletionSweep, type DeletionSweepParts } from "./deletion/deletion-sweep.ts";
import { EventExpiry } from "./deletion/event-expiry.ts";
import { kubeSimErrors } from "./errors.ts";
import { FaultTable } from "./faults/fault-table.ts";
import { GarbageCollector } from "./deletion/garbage-collector.ts";
import { NamespaceContents } from "./deletion/namespace-contents.ts";
import type { KubeSimOptions } from "./kube-sim-options.ts";
import type { KubeObject, KubeObjectInput } from "./resources/kube-object.ts";
import { loadObjects } from "./load/load-objects.ts";
import { systemPriorityClasses } from "./kinds/system-priority-classes.ts";
import { ObjectStore } from "./storage/object-store.ts";
import { ObjectWriter } from "./writing/object-writer.ts";
import { registerAccessResources } from "./resources/register-access-resources.ts";
import { loadBootstrapObjects } from "./authorization/lazy.ts";
import { loadRequestServer } from "./requests/lazy.ts";
import type { RequestServer, RequestServerParts } from "./requests/request-server.ts";
import { RequestJournal, type JournalEntry } from "./requests/request-journal.ts";
import { ResourceRegistry } from "./resources/resource-registry.ts";
import { createServingCertificate } from "./connections/serving-certificate.ts";
import { SimListener } from "./connections/sim-listener.ts";
import { tableName } from "./resources/sim-resource.ts";
import type { ServedResource } from "./resources/served-resource.ts";
import type { WritePipeline } from "./writing/write-pipeline.ts";

/**
 * A running simulator.
 *
 * @public
 */
export interface KubeSim {
  /** `https://127.0.0.1:PORT`, the same for its whole life. */
  readonly server: string;
  /** The authority that signed the server's certificate, PEM; "" without TLS. Another one after {@link swapAuthority}. */
  readonly caPem: string;
  /** The administrator's bearer token. */
  readonly token: string;
  /** Faults to inject into requests. */
  readonly faults: FaultTable;
  /** Revision of the newest write. */
  readonly resourceVersion: string;
  /** A kubeconfig as an object; its JSON is a valid kubeconfig file. */
  kubeconfig(): object;
  /**
   * Stores an object as given, status included, whether or not it exists; makes its namespace if that is missing. An object
   * that changes nothing is not written.
   *
   * @throws KINGLET_ERR_KUBE_SIM_UNKNOWN_RESOURCE, KINGLET_ERR_KUBE_SIM_INVALID_OBJECT
   */
  apply(object: KubeObjectInput): KubeObject;
  /**
   * Removes an object at once, whatever finalizers it has.
   *
   * @param resource - `pods` or `deployments.apps`.
   * @param namespace - "" for cluster-wide objects.
   * @returns false when there was none.
   */
  remove(resource: string, namespace: string, name: string): boolean;
  /** Copies of all objects of a resource (`pods`, `deployments.apps`), ordered by namespace and name. */
  list(resource: string): KubeObject[];
  /**
   * Makes objects in bulk, the same for the same counts and seed. Pods, nodes, deployments, services, configmaps, secrets and
   * events look like those of a cluster at work, in five namespaces; others have a name. A name that is taken stays as it is.
   *
   * @param counts - resource as for {@link KubeSim.list} → how many.
   * @param seed - 0 to 4294967295. @defaultValue 1
   * @throws KINGLET_ERR_KUBE_SIM_UNKNOWN_RESOURCE
   */
  load(counts: Readonly<Record<string, number>>, seed?: number): void;
  /** Forgets all history, as a compaction of the real store does: older versions answer 410 from then on. */
  compact(): void;
  /** Drops all connections and listens again on the same port with the same data and certificates. */
  restart(): Promise<void>;
  /**
   * Drops all connections and serves nobody until {@link restart}: new connections are refused, or accepted and never answered,
   * not even in the handshake.
   */
  interrupt(how: "refuse" | "silence"): Promise<void>;
  /** Goes on, as {@link restart} does, with another authority and certificate; {@link caPem} is the new one from then on. */
  swapAuthority(): Promise<void>;
  /** Ends it; the same as disposing. */
  stop(): Promise<void>;
  /** The last requests, oldest first. */
  journal(): readonly JournalEntry[];
  clearJournal(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

const FIRST_NAMESPACES = ["default", "kube-node-lease", "kube-public", "kube-system"] as const;

/**
 * Starts a Kubernetes API server in this process, on loopback, with data in memory.
 *
 * @throws KINGLET_ERR_KUBE_SIM_LISTEN, KINGLET_ERR_KUBE_SIM_AUDIT_POLICY
 *
 * @public
 */
export async function openKubeSim(options: KubeSimOptions = {}): Promise<KubeSim> {
  const certificate = options.tls === false ? undefined : createServingCertificate(systemClock.now());
  const first = decidesByRoles(options) ? (await loadBootstrapObjects()).bootstrapObjects() : [];
  const audit =
    options.audit === undefined
      ? undefined
      : new (await loadAuditLog()).AuditLog(options.audit, options.clock ?? systemClock);
  const sim = new OpenKubeSim(options, certificate?.caPem ?? "", first, audit);
  await sim.listen(
    (handle) =>
      new SimListener({
        port: options.port ?? 0,
        certificate,
        http2: options.http2 ?? true,
        clientAuthorityPem: options.clientAuthorityPem,
        handle,
      }),
  );
  return sim;
}

function decidesByRoles({ tokens = {}, authorization }: KubeSimOptions): boolean {
  const hasGroups = Object.values(tokens).some((user) => user.groups !== undefined);
  return (authorization ?? (hasGroups ? "rbac" : "allow-all")) === "rbac";
}

type MakeListener = (handle: ConstructorParameters<typeof SimListener>[0]["handle"]) => SimListener;

class OpenKubeSim implements KubeSim {
  caPem: string;
  readonly token: string;
  readonly faults: FaultTable;
  readonly #clock: Clock;
  readonly #store: ObjectStore;
  readonly #registry: ResourceRegistry;
  readonly #writer: ObjectWriter;
  /** Admission and field owners fill this in. */
  readonly #pipeline: WritePipeline = {};
  readonly #expiry: EventExpiry;
  readonly #sweep: DeletionSweep;
  readonly #collector: GarbageCollector;
  readonly #contents: NamespaceContents;
  readonly #customResources: CustomResources;
  readonly #journal: RequestJournal;
  readonly #requests: RequestServerParts;
  readonly #closeWatches = (group: string, plural: string): void => this.#server?.closeWatches(group, plural);
  #loading: Promise<RequestServer> | undefined;
  #server: RequestServer | undefined;
  #listener: SimListener | undefined;
  #isStopped = false;

  constructor(
    options: KubeSimOptions,
    caPem: string,
    firstObjects: readonly KubeObjectInput[],
    audit: AuditLog | undefined,
  ) {
    const { clock = systemClock, random = Math.random } = options;
    this.caPem = caPem;
    this.#clock = clock;
    this.faults = new FaultTable(random);
    this.token = options.adminToken ?? randomBytes(16).toString("hex");
    this.#journal = new RequestJournal(options.journalEntries ?? 10_000);
    this.#registry = new ResourceRegistry(options.extraResources ?? []);
    this.#store = new ObjectStore({
      firstRevision: BigInt(options.firstResourceVersion ?? "1000"),
      history: {
        maxEvents: options.watchHistory ?? 10_000,
        maxAgeMs: options.watchHistoryMs ?? 300_000,
        monotonicMs: () => clock.monotonicMs(),
      },
    });
    const parts = (): DeletionSweepParts => ({
      store: this.#store,
      writer: this.#writer,
      closeWatches: this.#closeWatches,
      registry: this.#registry,
    });
    this.#expiry = new EventExpiry(clock, this.#store, options.eventTtlMs ?? 3_600_000);
    this.#sweep = new DeletionSweep(clock, parts);
    this.#collector = new GarbageCollector(clock, parts);
    this.#contents = new NamespaceContents(caPem, parts);
    this.#customResources = new CustomResources({
      registry: this.#registry,
      store: this.#store,
      closeWatches: this.#closeWatches,
      clock,
      establishDelayMs: options.establishDelayMs ?? 0,
      pipeline: this.#pipeline,
    });
    this.#writer = new ObjectWriter({
      store: this.#store,
      clock,
      random,
      pipeline: this.#pipeline,
      complete: () => {},
      findProblems: () => [],
      onWrite: (resource, object, change) => {
        this.#customResources.onWrite(resource, object, change);
        this.#sweep.onWrite(resource, object, change);
        this.#collector.onWrite(resource, object, change);
        this.#contents.onWrite(resource, object, change);
      },
    });
    const users = new Map(Object.entries(options.tokens ?? {}));
    if (!users.has(this.token)) users.set(this.token, { name: "admin", groups: ["system:masters"] });
    registerAccessResources(this.#registry);
    this.#requests = {
      options,
      registry: this.#registry,
      store: this.#store,
      writer: this.#writer,
      pipeline: this.#pipeline,
      faults: this.faults,
      journal: this.#journal,
      audit,
      clock,
      random,
      users,
      isEnforced: decidesByRoles(options),
    };
    for (const name of FIRST_NAMESPACES) this.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
    for (const priorityClass of systemPriorityClasses()) this.apply(priorityClass);
    for (const object of firstObjects) {
      if (this.#registry.findByKind(object.apiVersion, object.kind) !== undefined) this.apply(object);
    }
  }

  get server(): string {
    return `${this.caPem === "" ? "http" : "https"}://127.0.0.1:${this.#listener?.port ?? 0}`;
  }

  get resourceVersion(): string {
    return String(this.#store.revision);
  }

  async listen(makeListener: MakeListener): Promise<void> {
    this.#listener = makeListener((request, response) => void this.#handle(request, response));
    await this.#listener.open();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const server = this.#server ?? (await this.#loadServer());
    await server.handle(request, response);
  }

  /** What a request needs is loaded when the first one comes. */
  #loadServer(): Promise<RequestServer> {
    this.#loading ??= loadRequestServer().then((module) => (this.#server = new module.RequestServer(this.#requests)));
    return this.#loading;
  }

  kubeconfig(): object {
    const authority =
      this.caPem === "" ? {} : { "certificate-authority-data": Buffer.from(this.caPem).toString("base64") };
    return {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "kube-sim", cluster: { server: this.server, ...authority } }],
      users: [{ name: "admin", user: { token: this.token } }],
      contexts: [{ name: "kube-sim", context: { cluster: "kube-sim", user: "admin", namespace: "default" } }],
      "current-context": "kube-sim",
    };
  }

  apply(input: KubeObjectInput): KubeObject {
    const resource = this.#registry.findByKind(input.apiVersion, input.kind);
    if (resource === undefined) {
      const name = `${input.apiVersion} ${input.kind}`;
      throw createError(kubeSimErrors, "KINGLET_ERR_KUBE_SIM_UNKNOWN_RESOURCE", { resource: name });
    }
    const { name = "", namespace = "default" } = input.metadata;
    const metadata = { ...input.metadata, name, ...(resource.namespaced ? { namespace } : {}) };
    if (resource.namespaced && this.#store.table("namespaces").get(namespace) === undefined) {
      this.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    }
    try {
      return structuredClone(this.#writer.put(resource, { ...input, metadata } as unknown as KubeObject));
    } catch (cause) {
      if (!(cause instanceof ApiRefusal)) throw cause;
      const object = `${input.kind} ${name}`;
      const details = { object, reason: cause.message };
      throw createError(kubeSimErrors, "KINGLET_ERR_KUBE_SIM_INVALID_OBJECT", details, { cause });
    }
  }

  remove(resource: string, namespace: string, name: string): boolean {
    return this.#writer.removeNow(this.#find(resource), namespace, name);
  }

  list(resource: string): KubeObject[] {
    return structuredClone([...this.#store.table(tableName(this.#find(resource))).values()]);
  }

  load(counts: Readonly<Record<string, number>>, seed = 1): void {
    const target = {
      store: this.#store,
      find: (name: string): ServedResource => this.#find(name),
      apply: (object: KubeObjectInput): void => void this.apply(object),
      now: this.#clock.now(),
    };
    loadObjects(target, counts, seed);
  }

  compact(): void {
    this.#store.compact();
  }

  async restart(): Promise<void> {
    if (this.#isStopped) throw createError(kubeSimErrors, "KINGLET_ERR_KUBE_SIM_STOPPED");
    await this.#listener?.close();
    await this.#listener?.open();
  }

  async interrupt(how: "refuse" | "silence"): Promise<void> {
    if (this.#isStopped) throw createError(kubeSimErrors, "KINGLET_ERR_KUBE_SIM_STOPPED");
    await this.#listener?.close();
    if (how === "silence") await this.#listener?.openSilent();
  }

  async swapAuthority(): Promise<void> {
    if (this.caPem !== "") {
      const certificate = createServingCertificate(systemClock.now());
      this.#listener?.use(certificate);
      this.caPem = certificate.caPem;
    }
    await this.restart();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#customResources.stop();
    this.#expiry.stop();
    this.#sweep.stop();
    this.#collector.stop();
    (await this.#loading)?.close();
    await this.#listener?.close();
    this.#requests.audit?.close();
  }

  journal(): readonly JournalEntry[] {
    return this.#journal.entries();
  }

  clearJournal(): void {
    this.#journal.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #find(name: string): ServedResource {
    const resource = this.#registry.findByName(name);
    if (resource === undefined) {
      throw createError(kubeSimErrors, "KINGLET_ERR_KUBE_SIM_UNKNOWN_RESOURCE", { resource: name });
    }
    return resource;
  }
}
