export { compileProjectionSpec } from "./compile-projection-spec.ts";
export { projectProfile } from "./project-profile.ts";
