import type { Logger } from "@kinglet/logger";
import type { Counter } from "@kinglet/metrics";
import type { Interner } from "./interner.ts";
import { compileProjection, withoutManagedFields, type CompiledProjection, type Projection } from "./projection.ts";
import type { ResourceDefinition } from "./resource-definition.ts";

/**
 * Turns parsed API objects of one resource into what the caller asked for: the projection, or the whole object without
 * `managedFields`. Lists, watches and single reads all pass here, so they give the same shapes.
 */
export class ObjectDecoder {
  readonly #resource: ResourceDefinition;
  readonly #apiVersion: string;
  readonly #projection: Projection | undefined;
  #project: CompiledProjection | undefined;
  readonly #interner: Interner;
  readonly #logger: Logger;
  readonly #skipped: Counter<"resource">;
  readonly #metadataOnly: boolean;

  constructor(
    resource: ResourceDefinition,
    projection: Projection | undefined,
    options: {
      readonly interner: Interner;
      readonly logger: Logger;
      readonly skipped: Counter<"resource">;
      /** Objects come as PartialObjectMetadata. @defaultValue false */
      readonly metadataOnly?: boolean;
    },
  ) {
    this.#resource = resource;
    this.#apiVersion = resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
    this.#projection = projection;
    // Mistakes in paths are told before anything is asked; where a decoder was written from them there are none, and JSON is not expected.
    if (projection !== undefined && projection.protobuf === undefined) this.#project = compileProjection(projection);
    this.#interner = options.interner;
    this.#logger = options.logger;
    this.#skipped = options.skipped;
    this.#metadataOnly = options.metadataOnly ?? false;
  }

  /** The object, or `undefined` (counted and logged) when it is not one of this resource: another kind, or no metadata. */
  decode(value: unknown): Record<string, unknown> | undefined {
    if (!this.#isExpected(value)) {
      return this.refuse(
        typeof value === "object" && value !== null ? ((value as { kind?: unknown }).kind ?? "object") : typeof value,
      );
    }
    // Built-in kinds carry neither in lists.
    value["apiVersion"] ??= this.#apiVersion;
    value["kind"] ??= this.#resource.kind;
    if (this.#metadataOnly) {
      value["apiVersion"] = this.#apiVersion;
      value["kind"] = this.#resource.kind;
    }
    if (this.#projection !== undefined) {
      this.#project ??= compileProjection(this.#projection);
      return this.#project(value, this.#interner);
    }
    value["metadata"] = withoutManagedFields(value["metadata"]);
    return value;
  }

  /** A decoded object, unless it has no name (counted and logged). */
  accept(object: Record<string, unknown>): Record<string, unknown> | undefined {
    const metadata = object["metadata"] as { readonly name?: unknown } | undefined;
    return typeof metadata?.name === "string" ? object : this.refuse("object");
  }

  /** What a bookmark says: the version, and annotations when it has any. */
  bookmark(value: unknown): Record<string, unknown> {
    const { resourceVersion, annotations } =
      (value as { readonly metadata?: Readonly<Record<string, unknown>> } | null)?.metadata ?? {};
    return {
      apiVersion: this.#apiVersion,
      kind: this.#resource.kind,
      metadata: { resourceVersion, ...(annotations === undefined ? {} : { annotations }) },
    };
  }

  /** True for the kind that was asked for. */
  isKind(kind: unknown): boolean {
    return kind === this.#resource.kind || (this.#metadataOnly && kind === "PartialObjectMetadata");
  }

  /** Leaves out an object that is not one of this resource. */
  refuse(found: unknown): undefined {
    this.#skipped.add(1, { resource: this.#resource.plural });
    this.#logger.warn("left out an object that is not what was asked for", {
      resource: this.#resource.plural,
      found,
    });
    return undefined;
  }

  #isExpected(value: unknown): value is Record<string, unknown> {
    if (typeof value !== "object" || value === null) return false;
    const { kind, metadata } = value as { readonly kind?: unknown; readonly metadata?: unknown };
    if (kind !== undefined && !this.isKind(kind)) return false;
    return (
      typeof metadata === "object" &&
      metadata !== null &&
      typeof (metadata as { readonly name?: unknown }).name === "string"
    );
  }
}
