import { hasCode } from "@kinglet/errors";
import type { Logger } from "@kinglet/logger";
import type { Counter } from "@kinglet/metrics";
import type { ApiCall, ApiRequester } from "./api-requester.ts";
import { detailsOf } from "./error-details.ts";
import { Interner } from "./interner.ts";
import { loadJsonStreams, loadProtobufStreams, loadTableDecoder } from "./lazy.ts";
import type { ListChunks } from "./list-reader.ts";
import { isProtobuf, PROTOBUF } from "./media-type.ts";
import { ObjectDecoder } from "./object-decoder.ts";
import type { OpenAnswer } from "./open-answer.ts";
import type { Projection } from "./projection.ts";
import type { ProtobufDecoder } from "./protobuf/protobuf-decoder.ts";
import type { ProtobufStreams } from "./protobuf/protobuf-streams.ts";
import type { ResourceDefinition } from "./resource-definition.ts";
import type { WatchChunks } from "./watch-reader.ts";

const JSON_TYPE = "application/json";
const META_GROUP = "g=meta.k8s.io;v=v1";
/** Names, namespaces, images, labels that repeat: measured in README.md. */
const INTERNED_STRINGS = 4096;
const INTERNED_LENGTH = 256;
/** Resources that were refused as protobuf; a bound, not a number that real programs meet. */
const MAX_REFUSALS = 1000;

const METADATA: Projection = { paths: ["apiVersion", "kind", "metadata"] };

/** What a reading call asks for. */
export interface FormatRequest {
  readonly verb: "get" | "list" | "watch" | "write";
  readonly projection?: Projection | undefined;
  readonly metadataOnly?: boolean | undefined;
}

/** What the formats of a client are made of. */
interface FormatOptions {
  readonly logger: Logger;
  readonly skipped: Counter<"resource">;
  /** Never protobuf. */
  readonly asksForJson?: boolean | undefined;
}

/**
 * Decides in which encoding objects are asked for, and reads whichever the server then sends.
 *
 * Lists and watches of built-in kinds are asked for as protobuf with JSON as the second choice; single objects when a projection is given (the whole of one
 * object is not worth the table). What a server refuses with 406 or 415 is asked for as JSON from then on, and so is, decided once per projection and kind, a
 * projection that names a field which the table does not have: protobuf names no fields, so one that is newer than the table cannot be found in it.
 */
export class AnswerFormats {
  readonly #options: FormatOptions;
  readonly #interner = new Interner(INTERNED_STRINGS, INTERNED_LENGTH);
  readonly #refused = new Set<string>();
  readonly #tableDecoders = new WeakMap<Projection, Map<string, ProtobufDecoder | undefined>>();
  #streams: ProtobufStreams | undefined;

  constructor(options: FormatOptions) {
    this.#options = options;
  }

  async prepare(resource: ResourceDefinition, request: FormatRequest): Promise<AnswerFormat> {
    const metadataOnly = request.metadataOnly === true;
    const projection = metadataOnly ? metadataPaths(request.projection) : request.projection;
    const objects = new ObjectDecoder(resource, projection, {
      ...this.#options,
      interner: this.#interner,
      metadataOnly,
    });
    const key = `${resource.group}/${resource.version}/${resource.plural}`;
    const isWanted =
      this.#options.asksForJson !== true &&
      !this.#refused.has(key) &&
      // What a write answers is small, and sent again it would have to be, were it refused.
      request.verb !== "write" &&
      (request.verb !== "get" || projection !== undefined);
    const decode = isWanted ? await this.#decoder(resource, projection, metadataOnly) : undefined;
    return new AnswerFormat({
      objects,
      decode,
      streams: decode === undefined ? undefined : await this.#loadStreams(),
      suffix: metadataOnly ? `;as=PartialObjectMetadata${request.verb === "list" ? "List" : ""};${META_GROUP}` : "",
      onRefused: () => {
        if (this.#refused.size < MAX_REFUSALS) this.#refused.add(key);
      },
    });
  }

  async #loadStreams(): Promise<ProtobufStreams> {
    if (this.#streams === undefined) {
      const { createProtobufStreams } = await loadProtobufStreams();
      this.#streams ??= createProtobufStreams();
    }
    return this.#streams;
  }

  async #decoder(
    resource: ResourceDefinition,
    projection: Projection | undefined,
    metadataOnly: boolean,
  ): Promise<ProtobufDecoder | undefined> {
    if (projection?.protobuf !== undefined) return (await this.#loadStreams()).written(projection.protobuf);
    // Custom resources have no protobuf, except for their metadata alone.
    if (!metadataOnly && !mayBeBuiltIn(resource.group)) return undefined;
    const apiVersion = resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
    const key = `${apiVersion} ${resource.kind} ${metadataOnly}`;
    const cacheKey = projection ?? METADATA;
    let known = this.#tableDecoders.get(cacheKey);
    if (known === undefined) this.#tableDecoders.set(cacheKey, (known = new Map()));
    const wholeKey = projection === undefined ? `${key} whole` : key;
    if (!known.has(wholeKey)) {
      const { createTableDecoder } = await loadTableDecoder();
      known.set(
        wholeKey,
        createTableDecoder({ apiVersion, kind: resource.kind, metadataOnly }, projection, this.#options.logger),
      );
    }
    return known.get(wholeKey);
  }
}

/** One call's encoding. */
export class AnswerFormat {
  readonly objects: ObjectDecoder;
  readonly #decode: ProtobufDecoder | undefined;
  readonly #streams: ProtobufStreams | undefined;
  readonly #suffix: string;
  readonly #onRefused: () => void;

  constructor(options: {
    readonly objects: ObjectDecoder;
    readonly decode: ProtobufDecoder | undefined;
    readonly streams: ProtobufStreams | undefined;
    readonly suffix: string;
    readonly onRefused: () => void;
  }) {
    this.objects = options.objects;
    this.#decode = options.decode;
    this.#streams = options.streams;
    this.#suffix = options.suffix;
    this.#onRefused = options.onRefused;
  }

  /** Sends a call that asks for this encoding; again as JSON when it is refused. @throws as `ApiRequester.open`. */
  async open(requester: ApiRequester, call: ApiCall): Promise<OpenAnswer> {
    if (this.#decode === undefined) return requester.open({ ...call, accept: this.#json() });
    try {
      return await requester.open({ ...call, accept: `${PROTOBUF}${this.#suffix}, ${this.#json()}` });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#onRefused();
      return requester.open({ ...call, accept: this.#json() });
    }
  }

  /** The reader of a list in whatever encoding came. */
  async list(answer: OpenAnswer, onItem: (object: Record<string, unknown>) => void): Promise<ListChunks> {
    if (isProtobuf(answer) && this.#decode !== undefined && this.#streams !== undefined) {
      return this.#streams.list(answer.place, this.#decode, this.objects, onItem);
    }
    return (await loadJsonStreams()).jsonList(answer.place, this.objects, onItem);
  }

  /** The reader of a watch in whatever encoding came. */
  async watch(answer: OpenAnswer): Promise<WatchChunks> {
    if (isProtobuf(answer) && this.#decode !== undefined && this.#streams !== undefined) {
      return this.#streams.watch(answer.place, this.#decode, this.objects);
    }
    return (await loadJsonStreams()).jsonWatch(answer.place, this.objects);
  }

  /** The object that an answer in protobuf is; `undefined` when it is in JSON. */
  object(answer: OpenAnswer, bytes: Buffer): { readonly object: Record<string, unknown> | undefined } | undefined {
    if (!isProtobuf(answer) || this.#decode === undefined || this.#streams === undefined) return undefined;
    return { object: this.#streams.object(answer.place, this.#decode, this.objects, bytes) };
  }

  #json(): string {
    return this.#suffix === "" ? JSON_TYPE : `${JSON_TYPE}${this.#suffix}, ${JSON_TYPE}`;
  }
}

/** Built-in groups have short names or end in `.k8s.io`; which of them are in fact built in, the table says. */
function mayBeBuiltIn(group: string): boolean {
  return !group.includes(".") || group.endsWith(".k8s.io");
}

function isRefusal(error: unknown): boolean {
  const { status } = detailsOf(error);
  return hasCode(error, "KINGLET_ERR_KUBE_CLIENT_UNSUPPORTED") && (status === 406 || status === 415);
}

/** The paths of a projection that PartialObjectMetadata has. */
function metadataPaths(projection: Projection | undefined): Projection {
  if (projection === undefined) return METADATA;
  const paths = projection.paths.filter((path) => /^(apiVersion|kind|metadata)\b/.test(path));
  return paths.length === projection.paths.length ? projection : { paths };
}
