import { ApiRefusal, type StatusBody, type StatusCause } from "./api-refusal.ts";
import { qualifiedName, type SimResource } from "../resources/sim-resource.ts";

type Named = Pick<SimResource, "group" | "plural" | "kind">;

/** Builds a refusal from its parts; the functions below are the ones with fixed wording. */
export function refusal(
  code: number,
  reason: string,
  message: string,
  more: {
    readonly details?: Readonly<Record<string, unknown>>;
    readonly metadata?: { readonly continue?: string };
    readonly retryAfterSeconds?: number;
  } = {},
): ApiRefusal {
  const body: StatusBody = {
    kind: "Status",
    apiVersion: "v1",
    metadata: more.metadata ?? {},
    status: "Failure",
    message,
    ...(reason === "" ? {} : { reason }),
    ...(more.details === undefined ? {} : { details: more.details }),
    code,
  };
  return new ApiRefusal(body, more.retryAfterSeconds);
}

/** `details` that point at one object, in the order and with the omissions of the API. */
export function objectDetails(resource: Named, name: string): Record<string, unknown> {
  return {
    ...(name === "" ? {} : { name }),
    ...(resource.group === "" ? {} : { group: resource.group }),
    kind: resource.plural,
  };
}

export function badRequest(message: string): ApiRefusal {
  return refusal(400, "BadRequest", message);
}

export function notFound(resource: Named, name: string): ApiRefusal {
  return refusal(404, "NotFound", `${qualifiedName(resource)} "${name}" not found`, {
    details: objectDetails(resource, name),
  });
}

export function alreadyExists(resource: Named, name: string): ApiRefusal {
  return refusal(409, "AlreadyExists", `${qualifiedName(resource)} "${name}" already exists`, {
    details: objectDetails(resource, name),
  });
}

export function conflict(resource: Named, name: string, why: string): ApiRefusal {
  return refusal(409, "Conflict", `Operation cannot be fulfilled on ${qualifiedName(resource)} "${name}": ${why}`, {
    details: objectDetails(resource, name),
  });
}

/** A DELETE precondition names the kind where every other conflict names the resource. */
export function preconditionFailed(resource: Named, name: string, why: string): ApiRefusal {
  const kind = resource.group === "" ? resource.kind : `${resource.kind}.${resource.group}`;
  return refusal(409, "Conflict", `Operation cannot be fulfilled on ${kind} "${name}": ${why}`, {
    details: { name, ...(resource.group === "" ? {} : { group: resource.group }), kind: resource.kind },
  });
}

export function forbidden(resource: Named, name: string, why: string, causes?: readonly StatusCause[]): ApiRefusal {
  const subject = name === "" ? qualifiedName(resource) : `${qualifiedName(resource)} "${name}"`;
  return refusal(403, "Forbidden", `${subject} is forbidden: ${why}`, {
    details: { ...objectDetails(resource, name), ...(causes === undefined ? {} : { causes }) },
  });
}

/** 422 with one cause per violated field. */
export function invalid(
  subject: { readonly group: string; readonly kind: string },
  name: string,
  causes: readonly StatusCause[],
): ApiRefusal {
  const kind = subject.group === "" ? subject.kind : `${subject.kind}.${subject.group}`;
  const texts = [...new Set(causes.map((cause) => `${cause.field ?? "<nil>"}: ${cause.message}`))];
  const list = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  return refusal(422, "Invalid", `${kind} "${name}" is invalid: ${list}`, {
    details: {
      ...(name === "" ? {} : { name }),
      ...(subject.group === "" ? {} : { group: subject.group }),
      kind: subject.kind,
      causes,
    },
  });
}

export function unknownResource(): ApiRefusal {
  return refusal(404, "NotFound", "the server could not find the requested resource", { details: {} });
}

export function methodNotAllowed(): ApiRefusal {
  return refusal(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {
    details: {},
  });
}

export function expired(message: string, freshToken?: string): ApiRefusal {
  return refusal(410, "Expired", message, freshToken === undefined ? {} : { metadata: { continue: freshToken } });
}

export function versionTooLarge(asked: bigint, current: bigint): ApiRefusal {
  return refusal(504, "Timeout", `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    details: {
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
      retryAfterSeconds: 1,
    },
    retryAfterSeconds: 1,
  });
}
