import type * as Http from "node:http";
import type * as Https from "node:https";
import type * as Yaml from "yaml";
import type * as MatchConditions from "./admission/match-conditions.ts";
import type * as FieldManager from "./apply/field-manager.ts";
import type * as BootstrapObjects from "./authorization/bootstrap-objects.ts";
import type * as CustomChecks from "./custom-resources/custom-checks.ts";
import type * as RequestServer from "./requests/request-server.ts";

/** The YAML parser: only for bodies that are YAML and not JSON. */
export const loadYaml = (): Promise<typeof Yaml> => import("yaml");

/** What validates definitions and their objects, the engine for their expressions among it: 55 modules that only a client's write needs. */
export const loadCustomChecks = (): Promise<typeof CustomChecks> => import("./custom-resources/custom-checks.ts");

/** What answers requests: 90 modules that a simulator is ready without. */
export const loadRequestServer = (): Promise<typeof RequestServer> => import("./requests/request-server.ts");

/** Conditions of webhooks and the engine for them: for what is written about webhooks. */
export const loadMatchConditions = (): Promise<typeof MatchConditions> => import("./admission/match-conditions.ts");

/** Who owns which field: for bodies that are stored nowhere. */
export const loadFieldManager = (): Promise<typeof FieldManager> => import("./apply/field-manager.ts");

/** Importing it loads the whole client behind `fetch`, too: 3 MB, for a server without TLS. */
export const loadHttp = (): Promise<typeof Http> => import("node:http");

/** For a server without HTTP/2. */
export const loadHttps = (): Promise<typeof Https> => import("node:https");

/** Roles and bindings that every cluster starts with: where roles decide. */
export const loadBootstrapObjects = (): Promise<typeof BootstrapObjects> =>
  import("./authorization/bootstrap-objects.ts");
