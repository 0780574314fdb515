export { isLoopback, parseBind, type BindAddress } from "./bind-address.ts";
export { endpointsErrors } from "./errors.ts";
export { listenLean } from "./listen-lean.ts";
export { openDebugEndpoints, type DebugReply, type DebugRequest, type DebugRoute } from "./open-debug-endpoints.ts";
export { openEndpoints, type MetricsText, type OpenListener } from "./open-endpoints.ts";
export { createReadiness, type ReadinessCondition, type ReadinessRegistry } from "./readiness.ts";
export { isAuthorized, readToken } from "./token-file.ts";
