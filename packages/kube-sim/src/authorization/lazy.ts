import type * as BootstrapObjects from "./bootstrap-objects.ts";

/** Roles and bindings that every cluster starts with: where roles decide. */
export const loadBootstrapObjects = (): Promise<typeof BootstrapObjects> => import("./bootstrap-objects.ts");
