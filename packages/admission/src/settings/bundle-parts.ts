import { decodeBundle, packBundle, unpackBundle } from "@kinglet/policy-engine/bundle";

// What readers of bundles need: the writing half stays out of the program's text.
export { decodeBundle, packBundle, unpackBundle };
