/** Asked several times per event; budget: 0 allocations on a hit. */
import type { ProfileAnswers } from "./detector.ts";

/** Questions whose answer is linear in the profile, and therefore remembered. @internal */
export type CachedQuestion = "open-prefix" | "open-suffix" | "endpoint-prefix" | "endpoint-suffix" | "host";

/** Answers of one profile: one map per question, by argument. */
type Answers = Map<CachedQuestion, Map<string, boolean>>;

/**
 * Remembers what profiles answered.
 *
 * The key is the question, its argument and the version of the profile: the content object itself, which is one for all profiles with one
 * checksum under one projection, so that neither a changed profile nor changed rules ever get an old answer. What goes with the profile goes
 * with its answers. Failures are not remembered, and neither is "no profile".
 *
 * Bounded: two generations of half the size; what is asked for again moves to the younger one, the elder is dropped when the younger is full.
 *
 * Only questions that a profile answers by looking at all of its entries are kept (500 opens, Node 26: 1.5 us for a suffix against 9 ns), and their
 * arguments stand in rules. Keeping what is found in one look-up would keep the texts of events.
 *
 * @internal
 */
export class ResultCache {
  readonly #maxPerGeneration: number;
  #young: WeakMap<ProfileAnswers, Answers> = new WeakMap();
  #old: WeakMap<ProfileAnswers, Answers> = new WeakMap();
  #size = 0;
  /** The profile of the last question: an event asks several. */
  #lastContent: ProfileAnswers | undefined;
  #lastAnswers: Answers | undefined;

  /** @param maxEntries - at least 2. */
  constructor(maxEntries: number) {
    this.#maxPerGeneration = Math.max(1, maxEntries >> 1);
  }

  /** Entries of the younger generation. */
  get size(): number {
    return this.#size;
  }

  /** The answer of the profile, or the one that it gave before. */
  ask(content: ProfileAnswers, question: CachedQuestion, argument: string): boolean {
    const answers = this.#answersOf(content);
    const known = answers?.get(question)?.get(argument);
    if (known !== undefined) return known;
    const elder = this.#old.get(content)?.get(question)?.get(argument);
    const value = elder ?? compute(content, question, argument);
    this.#remember(content, question, argument, value);
    return value;
  }

  clear(): void {
    this.#young = new WeakMap();
    this.#old = new WeakMap();
    this.#size = 0;
    this.#lastContent = undefined;
    this.#lastAnswers = undefined;
  }

  #answersOf(content: ProfileAnswers): Answers | undefined {
    if (content === this.#lastContent) return this.#lastAnswers;
    const answers = this.#young.get(content);
    if (answers !== undefined) {
      this.#lastContent = content;
      this.#lastAnswers = answers;
    }
    return answers;
  }

  #remember(content: ProfileAnswers, question: CachedQuestion, argument: string, value: boolean): void {
    if (this.#size >= this.#maxPerGeneration) {
      this.#old = this.#young;
      this.#young = new WeakMap();
      this.#size = 0;
      this.#lastContent = undefined;
      this.#lastAnswers = undefined;
    }
    let answers = this.#young.get(content);
    if (answers === undefined) {
      answers = new Map();
      this.#young.set(content, answers);
    }
    let byArgument = answers.get(question);
    if (byArgument === undefined) {
      byArgument = new Map();
      answers.set(question, byArgument);
    }
    byArgument.set(argument, value);
    this.#size += 1;
  }
}

function compute(content: ProfileAnswers, question: CachedQuestion, argument: string): boolean {
  switch (question) {
    case "open-prefix":
      return content.hasOpenWithPrefix(argument);
    case "open-suffix":
      return content.hasOpenWithSuffix(argument);
    case "endpoint-prefix":
      return content.hasEndpointWithPrefix(argument);
    case "endpoint-suffix":
      return content.hasEndpointWithSuffix(argument);
    default:
      return content.someEndpoint((endpoint) => isHostOf(endpoint, argument));
  }
}

/** The host of a recorded URL, or one whole token of the endpoint: `api` is not part of `/v1/apiserver`. */
function isHostOf(endpoint: string, host: string): boolean {
  if (host === "") return false;
  for (let at = endpoint.indexOf(host); at !== -1; at = endpoint.indexOf(host, at + 1)) {
    if (isHostBoundary(endpoint[at - 1]) && isHostBoundary(endpoint[at + host.length])) {
      // A token below the first slash of the path is a path segment, not a host.
      const before = endpoint.slice(0, at);
      const path = before.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "");
      if (!path.includes("/")) return true;
    }
  }
  return false;
}

function isHostBoundary(character: string | undefined): boolean {
  return character === undefined || !/[A-Za-z0-9._-]/.test(character);
}
