export { createFalcoRoute } from "./create-falco-route.ts";
