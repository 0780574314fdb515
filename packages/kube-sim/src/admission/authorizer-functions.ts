import type { Decision } from "../authorization/rbac-authorizer.ts";
import type { RequestAttributes } from "../authorization/request-attributes.ts";
import { serviceAccountGroups, type UserInfo } from "../authorization/user-info.ts";
import type { OverloadDefinition } from "../cel/cel-overload.ts";
import { CelOpaque } from "../cel/cel-values.ts";

const PREFIX = "kubernetes.authorization.";
const AUTHORIZER = `${PREFIX}Authorizer`;
const PATH_CHECK = `${PREFIX}PathCheck`;
const GROUP_CHECK = `${PREFIX}GroupCheck`;
const RESOURCE_CHECK = `${PREFIX}ResourceCheck`;
const DECISION = `${PREFIX}Decision`;

/** Checks cost this much of an expression's budget, as in the API server. */
const CHECK_COST = 350_000;

interface Asker {
  readonly user: UserInfo;
  readonly authorize: (user: UserInfo, attributes: RequestAttributes) => Decision;
}

interface ResourceCheck extends Asker {
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

/** The `authorizer` of match conditions: asks what the user of the request may do. */
export function authorizerValue(asker: Asker): CelOpaque {
  return new CelOpaque(AUTHORIZER, asker);
}

/** `authorizer.requestResource`: the check for what the request itself is about. */
export function requestResourceValue(check: ResourceCheck): CelOpaque {
  return new CelOpaque(RESOURCE_CHECK, check);
}

export const AUTHORIZER_TYPE: string = AUTHORIZER;
export const RESOURCE_CHECK_TYPE: string = RESOURCE_CHECK;

/** The functions of the authorizer, with their signatures. */
export function authorizerFunctions(): readonly OverloadDefinition[] {
  const refine = (field: "subresource" | "namespace" | "name"): OverloadDefinition => ({
    signature: `${RESOURCE_CHECK}.${field}(string): ${RESOURCE_CHECK}`,
    call: ([check, value]) => new CelOpaque(RESOURCE_CHECK, { ...contentOf<ResourceCheck>(check), [field]: value }),
  });
  return [
    {
      signature: `${AUTHORIZER}.path(string): ${PATH_CHECK}`,
      call: ([asker, path]) => new CelOpaque(PATH_CHECK, { ...contentOf<Asker>(asker), path }),
    },
    {
      signature: `${AUTHORIZER}.group(string): ${GROUP_CHECK}`,
      call: ([asker, group]) => new CelOpaque(GROUP_CHECK, { ...contentOf<Asker>(asker), group }),
    },
    {
      signature: `${AUTHORIZER}.serviceAccount(string, string): ${AUTHORIZER}`,
      call: ([asker, namespace, name]) => {
        const groups = [...serviceAccountGroups(String(namespace)), "system:authenticated"];
        const user = { name: `system:serviceaccount:${String(namespace)}:${String(name)}`, uid: "", groups, extra: {} };
        return new CelOpaque(AUTHORIZER, { ...contentOf<Asker>(asker), user });
      },
    },
    {
      signature: `${GROUP_CHECK}.resource(string): ${RESOURCE_CHECK}`,
      call: ([check, resource]) =>
        new CelOpaque(RESOURCE_CHECK, {
          ...contentOf<Asker>(check),
          resource,
          subresource: "",
          namespace: "",
          name: "",
        }),
    },
    refine("subresource"),
    refine("namespace"),
    refine("name"),
    {
      signature: `${PATH_CHECK}.check(string): ${DECISION}`,
      cost: () => CHECK_COST,
      call: ([check, verb]) => {
        const { path, user, authorize } = contentOf<Asker & { readonly path: string }>(check);
        return new CelOpaque(DECISION, authorize(user, { isResource: false, verb: String(verb), path }));
      },
    },
    {
      signature: `${RESOURCE_CHECK}.check(string): ${DECISION}`,
      cost: () => CHECK_COST,
      call: ([check, verb]) => {
        const { user, authorize, group, resource, subresource, namespace, name } = contentOf<ResourceCheck>(check);
        const wish = { isResource: true, verb: String(verb), group, resource, subresource, namespace, name } as const;
        return new CelOpaque(DECISION, authorize(user, wish));
      },
    },
    { signature: `${DECISION}.allowed(): bool`, call: ([decision]) => contentOf<Decision>(decision).allowed },
    { signature: `${DECISION}.reason(): string`, call: ([decision]) => contentOf<Decision>(decision).reason },
    { signature: `${DECISION}.errored(): bool`, call: () => false },
    { signature: `${DECISION}.error(): string`, call: () => "" },
  ];
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the type that the signature of the function promises
function contentOf<T>(value: unknown): T {
  return (value as CelOpaque<T>).content;
}
