/** How bytes are written. */
export type Encoding = "json" | "yaml" | "protobuf";

/** What an `as=` parameter asks for. */
interface Transform {
  readonly kind: "Table" | "PartialObjectMetadata" | "PartialObjectMetadataList";
  readonly version: "v1" | "v1beta1";
}

/** What an Accept header comes to. */
export interface Negotiated {
  readonly encoding: Encoding;
  readonly transform: Transform | undefined;
}

/** What is on offer. */
export interface Offer {
  readonly encodings: readonly Encoding[];
  /** `as=` is allowed: not for errors. */
  readonly allowsTransforms: boolean;
  /** Whole objects have no protobuf form; only their metadata does. */
  readonly isCustom: boolean;
}

export const MEDIA_TYPES: Readonly<Record<Encoding, string>> = {
  json: "application/json",
  yaml: "application/yaml",
  protobuf: "application/vnd.kubernetes.protobuf",
};

interface Clause {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/**
 * Chooses from an Accept header: highest quality first, then in the order written; of what a wildcard allows, the first on offer.
 * A clause with an `as=` that cannot be had is passed over.
 *
 * @returns undefined when nothing fits.
 */
export function negotiate(accept: string | undefined, offer: Offer): Negotiated | undefined {
  if (accept === undefined || accept.trim() === "")
    return { encoding: offer.encodings[0] ?? "json", transform: undefined };
  for (const clause of parseAccept(accept)) {
    for (const encoding of offer.encodings) {
      if (!fits(clause.type, MEDIA_TYPES[encoding])) continue;
      const transform = transformOf(clause, encoding, offer);
      if (transform !== undefined) return { encoding, transform: transform === "none" ? undefined : transform };
    }
  }
  return undefined;
}

/** True when a route that produces these media types is found by the header; parameters do not count. */
export function isProducible(accept: string | undefined, mediaTypes: readonly string[]): boolean {
  if (accept === undefined || accept.trim() === "") return true;
  return parseAccept(accept).some(({ type }) => type === "*/*" || mediaTypes.includes(type));
}

/** Clauses in the order in which they are tried. */
function parseAccept(accept: string): Clause[] {
  const clauses = accept.split(",").map((text): Clause => {
    const [type = "", ...rest] = text.split(";").map((part) => part.trim());
    const parameters = new Map<string, string>();
    for (const part of rest) {
      const equals = part.indexOf("=");
      if (equals > 0) parameters.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim());
    }
    const quality = Number(parameters.get("q") ?? "1");
    return { type: type.toLowerCase(), parameters, quality: Number.isNaN(quality) ? 1 : quality };
  });
  return clauses.sort((a, b) => b.quality - a.quality || wildcards(a.type) - wildcards(b.type));
}

function wildcards(type: string): number {
  return type === "*/*" ? 2 : type.endsWith("/*") ? 1 : 0;
}

function fits(asked: string, offered: string): boolean {
  return asked === "*/*" || asked === offered || (asked === "application/*" && offered.startsWith("application/"));
}

function transformOf(clause: Clause, encoding: Encoding, offer: Offer): Transform | "none" | undefined {
  const stream = clause.parameters.get("stream");
  if (stream !== undefined && stream !== "watch") return undefined;
  const kind = clause.parameters.get("as") ?? "";
  if (kind === "") return offer.isCustom && encoding === "protobuf" ? undefined : "none";
  const version = clause.parameters.get("v");
  if (!offer.allowsTransforms || clause.parameters.get("g") !== "meta.k8s.io") return undefined;
  if (version !== "v1" && version !== "v1beta1") return undefined;
  if (kind === "Table") return encoding === "protobuf" ? undefined : { kind, version };
  return kind === "PartialObjectMetadata" || kind === "PartialObjectMetadataList" ? { kind, version } : undefined;
}
