import type * as FieldManager from "./field-manager.ts";

/** Who owns which field: for bodies that are stored nowhere. */
export const loadFieldManager = (): Promise<typeof FieldManager> => import("./field-manager.ts");
