import { Buffer } from "node:buffer";
import { isObject, textOf, type JsonObject } from "../json-object.ts";
import type { GrpcConnection, UnaryAnswer } from "./grpc-connection.ts";
import { MessageDecoder } from "./message-decoder.ts";
import { messagePlan } from "./message-plan.ts";
import type { TetragonPolicy } from "./tetragon-grpc-source.ts";

const timeoutMs = 10_000;
const maxPolicies = 1000;

/** Whether something is at the other end, whatever it says. */
function isAnswer(answer: UnaryAnswer): boolean {
  return answer.outcome === "message" || (answer.outcome === "status" && answer.status.code !== "");
}

/** @returns the version, empty when the agent does not say; undefined when it does not answer. @internal */
export async function askVersion(connection: GrpcConnection): Promise<string | undefined> {
  const answer = await connection.unary("GetVersion", Buffer.alloc(0), timeoutMs);
  if (!isAnswer(answer)) return undefined;
  return textOf(decode("GetVersionResponse", answer) ?? {}, "version").slice(0, 100);
}

/** @returns the status without its prefix, empty when the agent does not say; undefined when it does not answer. @internal */
export async function askHealth(connection: GrpcConnection): Promise<string | undefined> {
  // event_set = 1: HEALTH_STATUS_TYPE_STATUS
  const answer = await connection.unary("GetHealth", Buffer.from([8, 1]), timeoutMs);
  if (!isAnswer(answer)) return undefined;
  const list = (decode("GetHealthStatusResponse", answer) ?? {})["health_status"];
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  return isObject(first) ? enumText(first, "status").replace("HEALTH_STATUS_", "") || "UNDEF" : "";
}

/** @returns undefined when the agent does not say. @internal */
export async function askPolicies(connection: GrpcConnection): Promise<readonly TetragonPolicy[] | undefined> {
  const answer = await connection.unary("ListTracingPolicies", Buffer.alloc(0), timeoutMs);
  const object = decode("ListTracingPoliciesResponse", answer);
  if (object === undefined) return undefined;
  const list = object["policies"];
  if (!Array.isArray(list)) return [];
  return list.slice(0, maxPolicies).filter(isObject).map(policyOf);
}

function policyOf(policy: JsonObject): TetragonPolicy {
  // Agents before 1.2 say only whether it is enabled.
  const state = enumText(policy, "state").replace("TP_STATE_", "");
  return {
    name: textOf(policy, "name"),
    namespace: textOf(policy, "namespace"),
    state: state || (policy["enabled"] === true ? "ENABLED" : "UNKNOWN"),
    error: textOf(policy, "error").slice(0, 500),
  };
}

function enumText(object: JsonObject, name: string): string {
  const value = object[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function decode(message: string, answer: UnaryAnswer): JsonObject | undefined {
  if (answer.outcome !== "message") return undefined;
  return new MessageDecoder().decode(messagePlan(message), answer.bytes, 0, answer.bytes.length);
}
