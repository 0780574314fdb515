export { main } from "./missing.ts";
