import type { BundleContent, BundleObject } from "@kinglet/policy-engine/bundle";
import type { PolicyProblem, SecurityPolicy } from "@kinglet/policy-engine/security-policy";
import { ActivePolicies, type PolicyEvaluator, type PolicyGroupInForce } from "./active-policies.ts";

/** Policies of one group: with 50 of them an evaluation takes well under a millisecond. */
const groupSize = 64;

/** What the policy engine gives. @public */
export interface PolicyReader {
  read(object: unknown): { readonly policy: SecurityPolicy | undefined; readonly problems: readonly PolicyProblem[] };
  /** Resolves when the evaluator can answer. */
  compile(policies: readonly SecurityPolicy[]): Promise<PolicyEvaluator>;
}

/** A policy and the text it was read from. */
interface ReadPolicy {
  readonly text: string;
  readonly policy: SecurityPolicy;
}

/**
 * Makes policies of bundles.
 *
 * What did not change from one bundle to the next is not read or compiled again: policies are spread over groups by the hash of their name, and a group
 * in which nothing changed is taken over as it is.
 *
 * @internal
 */
export class PolicyBuilder {
  readonly #reader: PolicyReader;
  readonly #monotonicMs: () => number;
  #read = new Map<string, ReadPolicy>();
  #groups: readonly PolicyGroupInForce[] = [];

  constructor(reader: PolicyReader, monotonicMs: () => number) {
    this.#reader = reader;
    this.#monotonicMs = monotonicMs;
  }

  /** @returns the policies, and which could not be read. */
  async build(
    sha256: string,
    content: BundleContent,
  ): Promise<{ readonly active: ActivePolicies; readonly unreadable: readonly string[] }> {
    const unreadable: string[] = [];
    const read = new Map<string, ReadPolicy>();
    for (const object of content.policies) {
      const key = `${object.metadata.namespace ?? ""}/${object.metadata.name}`;
      const found = this.#readOne(key, object);
      if (typeof found === "string") unreadable.push(`${key}: ${found}`);
      else read.set(key, found);
    }
    const count = groupCount(read.size);
    const members: SecurityPolicy[][] = Array.from({ length: count }, () => []);
    for (const [key, { policy }] of read) members[hashOf(key) % count]?.push(policy);
    const groups: PolicyGroupInForce[] = [];
    for (const [at, policies] of members.entries()) {
      const former = this.#groups.length === count ? this.#groups[at] : undefined;
      if (former !== undefined && isSame(former.policies, policies)) groups.push(former);
      else groups.push({ policies, evaluator: await this.#reader.compile(policies) });
    }
    this.#read = read;
    this.#groups = groups;
    return { active: new ActivePolicies(sha256, groups, this.#monotonicMs), unreadable };
  }

  #readOne(key: string, object: BundleObject): ReadPolicy | string {
    const text = JSON.stringify(object);
    const former = this.#read.get(key);
    if (former?.text === text) return former;
    const { policy, problems } = this.#reader.read(object);
    if (policy !== undefined) return { text, policy };
    const [first] = problems;
    return first === undefined ? "it cannot be read" : `${first.path}: ${first.message}`;
  }
}

function groupCount(policies: number): number {
  let count = 1;
  while (count * groupSize < policies) count *= 2;
  return count;
}

function isSame(left: readonly SecurityPolicy[], right: readonly SecurityPolicy[]): boolean {
  return left.length === right.length && left.every((policy, at) => policy === right[at]);
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x81_1c_9d_c5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01_00_01_93);
  return hash >>> 0;
}
