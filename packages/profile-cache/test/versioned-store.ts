import { parseContainerProfile, type ContainerProfile } from "@kinglet/profile";

import type { ProfileSource, ProfileWatchHandler } from "../src/profile-source.ts";

interface OpenCall {
  readonly name: string;
  readonly signal: AbortSignal;
  /** What the store held when it was asked: an answer may be as old as that. */
  readonly before: ContainerProfile | undefined;
  readonly settle: (answer: ContainerProfile | undefined) => void;
  readonly fail: (error: Error) => void;
}

/** A store whose objects carry numbers that only grow, and whose answers come when and as old as the test likes. */
export class VersionedStore implements ProfileSource {
  readonly objects: Map<string, ContainerProfile> = new Map();
  readonly open: Set<OpenCall> = new Set();
  /** Most calls for one object that were open and not given up at the same time. */
  mostPerObject = 0;
  #version = 0;
  #handler: ProfileWatchHandler | undefined;
  watchMetadata?: (handler: ProfileWatchHandler, options: { readonly signal: AbortSignal }) => Promise<void>;

  constructor(isWatched: boolean) {
    if (!isWatched) return;
    this.watchMetadata = (handler, { signal }) => {
      this.#handler = handler;
      for (const name of this.objects.keys()) this.#report("added", name);
      handler.synced();
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    };
  }

  /** Writes the next version: both of its marks, or none, are in whatever is made of it. */
  put(name: string): void {
    this.#version += 1;
    const version = String(this.#version);
    const annotations = { "kubescape.io/status": "completed", "kubescape.io/completion": "complete" };
    const metadata = { name, namespace: "shop", uid: `uid-${name}`, resourceVersion: version, annotations };
    const spec = { execs: [{ path: `/bin/${version}` }], opens: [{ path: `/etc/${version}` }] };
    const type = this.objects.has(name) ? "modified" : "added";
    this.objects.set(name, parseContainerProfile({ metadata, spec }));
    this.#report(type, name);
  }

  delete(name: string): void {
    if (this.objects.delete(name)) this.#report("deleted", name);
  }

  getContainerProfile(
    _namespace: string,
    name: string,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<ContainerProfile | undefined> {
    return new Promise((resolve, reject) => {
      const call: OpenCall = {
        name,
        signal,
        before: this.objects.get(name),
        settle: (answer) => {
          this.open.delete(call);
          resolve(answer);
        },
        fail: (error) => {
          this.open.delete(call);
          reject(error);
        },
      };
      this.open.add(call);
      const same = [...this.open].filter((other) => other.name === name && !other.signal.aborted);
      this.mostPerObject = Math.max(this.mostPerObject, same.length);
    });
  }

  /** Answers one open call, as of when it was asked or as of now, or fails it. */
  answerOne(random: () => number): void {
    const open = [...this.open];
    const call = open[Math.floor(random() * open.length)];
    if (call === undefined) return;
    const luck = random();
    if (luck < 0.1) call.fail(new Error("503"));
    else call.settle(luck < 0.6 ? call.before : this.objects.get(call.name));
  }

  /** Answers everything that is open as of now. */
  answerAll(): void {
    for (const call of this.open) call.settle(this.objects.get(call.name));
  }

  #report(type: "added" | "modified" | "deleted", name: string): void {
    const resourceVersion = this.objects.get(name)?.metadata.resourceVersion ?? "";
    this.#handler?.changed({ type, kind: "ContainerProfile", namespace: "shop", name, resourceVersion });
  }
}

/** The version that a profile was made of. */
export function versionOf(profile: ContainerProfile | undefined): number | undefined {
  return profile === undefined ? undefined : Number(profile.metadata.resourceVersion);
}
