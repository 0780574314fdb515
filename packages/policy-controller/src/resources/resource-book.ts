import { describeError } from "@kinglet/errors";
import type { BundleObject } from "@kinglet/policy-engine/bundle";
import type { ControlledObject } from "./controlled-resource.ts";
import { joinProblems, type Judgement } from "./resource-judgement.ts";

/** What is known about one resource. */
export interface ResourceRecord {
  /** Identifies the content that was judged: another uid, generation or annotation of ours is another version. */
  readonly version: string;
  readonly judgement: Judgement;
  /** False: judging it failed, which says nothing about it; what was in force stays. */
  readonly isJudged: boolean;
  /** What is put in force of it: its content when that is valid, else the last valid one; undefined when there never was one. */
  readonly inForce: BundleObject | undefined;
  /** Version of `inForce`. */
  readonly versionInForce: string | undefined;
  /** The resource that had the claimed name first, `namespace/name`. */
  readonly nameTakenBy: string | undefined;
}

interface Entry extends Omit<ResourceRecord, "nameTakenBy"> {
  readonly createdAt: string;
}

/** Annotations that belong to the content. */
const ownAnnotation = /^kinglet\.dev\//;

/**
 * Judges resources once per content, keeps the last valid content of those that became invalid, and knows who had a name first.
 *
 * Holds an entry per resource: references to the objects it was given, which an informer holds anyway, and a judgement.
 */
export class ResourceBook {
  readonly #judge: (object: ControlledObject) => Promise<Judgement>;
  readonly #entries: Map<string, Entry> = new Map();
  readonly #claims: Map<string, Set<string>> = new Map();
  readonly #former: Map<string, BundleObject>;
  /** What is being judged, by key: several who ask at once wait for one judgement. */
  readonly #pending: Map<string, { readonly version: string; readonly judgement: Promise<Judgement> }> = new Map();

  /**
   * @param former - what was in force before this process began, by uid: taken for resources that are invalid when they are first seen.
   */
  constructor(judge: (object: ControlledObject) => Promise<Judgement>, former: ReadonlyMap<string, BundleObject>) {
    this.#judge = judge;
    this.#former = new Map(former);
  }

  /** Resources that are known. */
  get size(): number {
    return this.#entries.size;
  }

  /** Resources of which something is in force. */
  get inForceCount(): number {
    let count = 0;
    for (const [key, { inForce }] of this.#entries) {
      if (inForce !== undefined && this.#takenBy(key) === undefined) count += 1;
    }
    return count;
  }

  /**
   * Judges a resource, if its content is not the one that was judged last.
   *
   * @param key - `namespace/name`.
   * @returns its record, and the keys of others whose claim to a name may have changed with it.
   */
  async update(
    key: string,
    object: ControlledObject,
  ): Promise<{ readonly record: ResourceRecord; readonly affected: ReadonlySet<string> }> {
    const version = versionOf(object);
    let entry = this.#entries.get(key);
    const affected = new Set<string>();
    if (entry?.version !== version) {
      const judged = await this.#judgeOnce(key, version, object).catch((error: unknown) => describeError(error));
      const isJudged = typeof judged !== "string";
      const judgement = isJudged ? judged : unjudged(this.#entries.get(key), judged);
      const before = this.#entries.get(key);
      if (before?.version === version) return { record: { ...before, nameTakenBy: this.#takenBy(key) }, affected };
      const isSame = before?.version.split(":")[0] === object.metadata.uid;
      const kept = isSame ? before : undefined;
      const { uid, creationTimestamp = "" } = object.metadata;
      const former = this.#former.get(uid);
      this.#former.delete(uid);
      entry = {
        // What could not be judged is judged again when it is asked for next.
        version: isJudged ? version : `${version}:unjudged`,
        isJudged,
        judgement,
        createdAt: creationTimestamp,
        inForce: judgement.isValid ? contentOf(object) : (kept?.inForce ?? former),
        versionInForce: judgement.isValid ? version : (kept?.versionInForce ?? (former && `${uid}:former`)),
      };
      this.#entries.set(key, entry);
      this.#moveClaim(key, before?.judgement.claimedName, judgement.claimedName, affected);
    }
    return { record: { ...entry, nameTakenBy: this.#takenBy(key) }, affected };
  }

  /** What is known about a resource without judging it anew; undefined for one that was never given. */
  record(key: string): ResourceRecord | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined ? undefined : { ...entry, nameTakenBy: this.#takenBy(key) };
  }

  #judgeOnce(key: string, version: string, object: ControlledObject): Promise<Judgement> {
    const known = this.#pending.get(key);
    if (known?.version === version) return known.judgement;
    const judgement = this.#judge(object).finally(() => {
      if (this.#pending.get(key)?.judgement === judgement) this.#pending.delete(key);
    });
    this.#pending.set(key, { version, judgement });
    return judgement;
  }

  /** Forgets a resource. @returns the keys of others whose claim to a name may have changed with it. */
  remove(key: string): ReadonlySet<string> {
    const affected = new Set<string>();
    const name = this.#entries.get(key)?.judgement.claimedName;
    this.#entries.delete(key);
    this.#moveClaim(key, name, undefined, affected);
    return affected;
  }

  /** The keys that are known. */
  keys(): IterableIterator<string> {
    return this.#entries.keys();
  }

  #moveClaim(key: string, from: string | undefined, to: string | undefined, affected: Set<string>): void {
    if (from === to) return;
    if (from !== undefined) {
      const claims = this.#claims.get(from);
      claims?.delete(key);
      if (claims?.size === 0) this.#claims.delete(from);
      for (const other of claims ?? []) affected.add(other);
    }
    if (to !== undefined) {
      const claims = this.#claims.get(to) ?? new Set();
      for (const other of claims) affected.add(other);
      this.#claims.set(to, claims.add(key));
    }
  }

  /** The older resource has the name; of two of one age the one whose key comes first, so that every replica decides alike. */
  #takenBy(key: string): string | undefined {
    const own = this.#entries.get(key);
    const name = own?.judgement.claimedName;
    if (own === undefined || name === undefined) return undefined;
    let first = key;
    let firstCreated = own.createdAt;
    for (const other of this.#claims.get(name) ?? []) {
      const created = this.#entries.get(other)?.createdAt ?? "";
      if (created < firstCreated || (created === firstCreated && other < first)) {
        first = other;
        firstCreated = created;
      }
    }
    return first === key ? undefined : first;
  }
}

/** The name stays claimed: another resource must not take it because of a fault of ours. */
function unjudged(before: Entry | undefined, reason: string): Judgement {
  const message = joinProblems([`it could not be judged and is looked at again: ${reason}`]);
  return { isValid: false, claimedName: before?.judgement.claimedName, message };
}

/** See {@link ResourceRecord.version}. */
function versionOf({ metadata }: ControlledObject): string {
  const annotations = Object.entries(ownAnnotations(metadata.annotations) ?? {}).toSorted(([left], [right]) =>
    left < right ? -1 : 1,
  );
  const rest = annotations.length === 0 ? "" : `:${JSON.stringify(annotations)}`;
  return `${metadata.uid}:${String(metadata.generation ?? metadata.resourceVersion)}${rest}`;
}

/** What of a resource goes into a bundle. */
function contentOf({ apiVersion, kind, metadata, spec }: ControlledObject): BundleObject {
  const annotations = ownAnnotations(metadata.annotations);
  return {
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(kind === undefined ? {} : { kind }),
    metadata: {
      name: metadata.name,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      uid: metadata.uid,
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec,
  };
}

function ownAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> | undefined {
  const own = Object.entries(annotations ?? {}).filter(([key]) => ownAnnotation.test(key));
  return own.length === 0 ? undefined : Object.fromEntries(own);
}
