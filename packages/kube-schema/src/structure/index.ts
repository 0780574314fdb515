export { loadStructure, type Structure } from "./load-structure.ts";
export type { StructuralField, StructuralKind, StructuralType } from "./structural-type.ts";
