import { array, boolean, lazy, oneOf, optional, string, type Lazy } from "@kinglet/lazy-schema";
import { setting, type SettingsValues } from "@kinglet/settings";

function buildSettings() {
  const what = "What is tested";
  const how = "How it is told";
  return {
    against: setting(
      array(string({ min: 1, max: 4096 }), {
        max: 10_000,
        default: [],
        doc: "Manifests to test against: files, folders or - for standard input; several may follow. Services, NetworkPolicies, RBAC and Namespaces among them are what is known around the workloads",
      }),
      { group: what, placeholder: "MANIFEST..." },
    ),
    images: setting(
      optional(
        string({
          min: 1,
          max: 4096,
          doc: "What is known about images, as docs/policies.md describes; without it policies about contents of images are not evaluated",
        }),
      ),
      { group: what, placeholder: "FILE" },
    ),
    namespace: setting(string({ min: 1, max: 253, default: "default", doc: "Namespace of manifests that name none" }), {
      group: what,
    }),
    cluster: setting(
      optional(string({ min: 1, max: 1024, doc: "Name of the cluster, for policies whose scope names one" })),
      { group: what },
    ),
    complete: setting(
      boolean({
        default: false,
        doc: "The manifests are all there is: Services, NetworkPolicies and role bindings that are not among them do not exist",
      }),
      { group: what },
    ),
    exactNames: setting(
      boolean({
        default: true,
        doc: "Names of users and UIDs match as a whole; false: the beginning is enough, as in the original",
      }),
      { group: what },
    ),
    requireEach: setting(
      boolean({
        default: true,
        doc: "Required labels joined by AND are each required; false: one is enough, as in the original",
      }),
      { group: what },
    ),
    strict: setting(
      boolean({ default: false, doc: "A policy that could not be evaluated counts like one that is violated" }),
      { group: how },
    ),
    output: setting(oneOf(["text", "json"], { default: "text", doc: "Lines for people, or one JSON object" }), {
      group: how,
    }),
  };
}

/** Settings of `policy`; built at the first use. */
export const policySettings: Lazy<ReturnType<typeof buildSettings>> = lazy(buildSettings);

/** The settings of `policy`, checked. */
export type PolicyConfig = SettingsValues<ReturnType<typeof buildSettings>>;
