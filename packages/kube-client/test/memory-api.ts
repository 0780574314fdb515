import { createError } from "@kinglet/errors";
import { kubeClientErrors, type KubeClientErrorCode, type KubeClient, type ResourceDefinition } from "../src/index.ts";

type Stored = { metadata: { name: string; namespace?: string; resourceVersion: string } } & Record<string, unknown>;

/** An API of objects in memory with optimistic concurrency: what controllers write to in tests of time. */
export class MemoryApi implements Pick<KubeClient, "get" | "create" | "replace" | "patch"> {
  readonly objects: Map<string, Stored> = new Map();
  readonly calls: string[] = [];
  /** Called before each call; what it returns is thrown. */
  fault: (verb: string) => Error | undefined = () => undefined;
  /** Calls wait for it. */
  gate: Promise<void> = Promise.resolve();
  #version = 0;

  async get<T>(resource: ResourceDefinition, name: string): Promise<T> {
    await this.#begin("get");
    return structuredClone(this.#find(resource, name)) as T;
  }

  async create<T>(resource: ResourceDefinition, object: object): Promise<T> {
    await this.#begin("create");
    const { metadata } = object as Stored;
    const key = `${resource.plural}/${metadata.name}`;
    if (this.objects.has(key)) throw fault("ALREADY_EXISTS");
    return this.#put(key, object as Stored) as T;
  }

  async replace<T>(resource: ResourceDefinition, object: object): Promise<T> {
    await this.#begin("replace");
    const { metadata } = object as Stored;
    if (this.#find(resource, metadata.name).metadata.resourceVersion !== metadata.resourceVersion)
      throw fault("CONFLICT");
    return this.#put(`${resource.plural}/${metadata.name}`, object as Stored) as T;
  }

  /** A merge patch, one level deep. */
  async patch<T>(resource: ResourceDefinition, name: string, patch: unknown): Promise<T> {
    await this.#begin("patch");
    const current = this.#find(resource, name);
    const { metadata, ...rest } = patch as Partial<Stored>;
    const wanted = metadata?.resourceVersion;
    if (wanted !== undefined && wanted !== current.metadata.resourceVersion) throw fault("CONFLICT");
    const next = { ...current, ...rest, metadata: { ...current.metadata, ...metadata } };
    return this.#put(`${resource.plural}/${name}`, next) as T;
  }

  #find(resource: ResourceDefinition, name: string): Stored {
    const found = this.objects.get(`${resource.plural}/${name}`);
    if (found === undefined) throw fault("NOT_FOUND");
    return found;
  }

  async #begin(verb: string): Promise<void> {
    this.calls.push(verb);
    await this.gate;
    const error = this.fault(verb);
    if (error !== undefined) throw error;
  }

  #put(key: string, object: Stored): Stored {
    const stored = structuredClone(object);
    stored.metadata.resourceVersion = String(++this.#version);
    this.objects.set(key, stored);
    return structuredClone(stored);
  }
}

/** An error of the client. */
export function fault(name: string): Error {
  return createError(kubeClientErrors, `KINGLET_ERR_KUBE_CLIENT_${name}` as KubeClientErrorCode, {});
}
