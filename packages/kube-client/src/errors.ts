/**
 * Error codes of this package.
 *
 * Errors that come from an answer of the API server carry `details.status`, `details.reason`, `details.causes` and, when
 * the server named one, `details.retryAfterSeconds`.
 *
 * @public
 */
export const kubeClientErrors = {
  KINGLET_ERR_KUBE_CLIENT_UNREACHABLE: {
    message: "{method} {server}{path}: no answer from the API server: {problem}",
    retryable: true,
    remedy: "Check that the address is right and that the API server runs and is reachable from here.",
  },
  KINGLET_ERR_KUBE_CLIENT_TLS: {
    message: "{method} {server}{path}: the server's certificate was not accepted: {problem}",
    retryable: false,
    remedy: "Set certificate-authority-data (or tls-server-name) of the cluster to what the server really presents.",
  },
  KINGLET_ERR_KUBE_CLIENT_TIMEOUT: {
    message: "{method} {server}{path}: {problem} within {timeoutMs} ms",
    retryable: true,
    remedy:
      "Look at the load of the API server and the network; raise the request timeout only if it is known to be slow.",
  },
  KINGLET_ERR_KUBE_CLIENT_UNAUTHORIZED: {
    message: "{method} {path}: the credentials were not accepted: {message}",
    retryable: true,
    remedy: "Check that the token or client certificate belongs to this cluster and has not expired.",
  },
  KINGLET_ERR_KUBE_CLIENT_FORBIDDEN: {
    message: "{method} {path}: not allowed: {message}",
    retryable: true,
    remedy: "Grant the verb on this resource to the user or service account that the message names.",
  },
  KINGLET_ERR_KUBE_CLIENT_NOT_FOUND: {
    message: "{method} {path}: does not exist: {message}",
    retryable: false,
    remedy: "Check name and namespace; if the kind itself is missing, install its CustomResourceDefinition.",
  },
  KINGLET_ERR_KUBE_CLIENT_ALREADY_EXISTS: {
    message: "{method} {path}: exists already: {message}",
    retryable: false,
    remedy: "Read the existing object and replace or patch it.",
  },
  KINGLET_ERR_KUBE_CLIENT_CONFLICT: {
    message: "{method} {path}: somebody else changed the object: {message}",
    retryable: true,
    remedy: "Read the object again, apply the change to it and write it with the new resourceVersion.",
  },
  KINGLET_ERR_KUBE_CLIENT_GONE: {
    message: "{method} {path}: the resourceVersion or continue token is no longer available: {message}",
    retryable: true,
    remedy: "List again without a resourceVersion.",
  },
  KINGLET_ERR_KUBE_CLIENT_RESOURCE_VERSION_TOO_LARGE: {
    message: "{method} {path}: the server has not seen this resourceVersion yet: {message}",
    retryable: true,
    remedy: "List again without a resourceVersion; the server may have been restored from a backup.",
  },
  KINGLET_ERR_KUBE_CLIENT_TOO_MANY_REQUESTS: {
    message: "{method} {path}: the server asks to slow down: {message}",
    retryable: true,
    remedy: "Wait for details.retryAfterSeconds; give the service account a FlowSchema of its own if it happens often.",
  },
  KINGLET_ERR_KUBE_CLIENT_INVALID: {
    message: "{method} {path}: the server refused the content: {message}",
    retryable: false,
    remedy: "Correct the fields that the message and details.causes name.",
  },
  KINGLET_ERR_KUBE_CLIENT_UNSUPPORTED: {
    message: "{method} {path}: the server does not do this ({status}): {message}",
    retryable: false,
    remedy: "Use a verb, patch type or media type that the resource supports.",
  },
  KINGLET_ERR_KUBE_CLIENT_SERVER: {
    message: "{method} {path}: the server failed ({status}): {message}",
    retryable: true,
    remedy: "Try again later and look at the log of the API server.",
  },
  KINGLET_ERR_KUBE_CLIENT_RESPONSE: {
    message: "{method} {path}: the answer cannot be read: {problem}",
    retryable: true,
    remedy: "Check that the address is a Kubernetes API server and that no proxy on the way alters answers.",
  },
  KINGLET_ERR_KUBE_CLIENT_TOO_LARGE: {
    message: "{what} is larger than {limitBytes} bytes",
    retryable: false,
    remedy: "Make the object smaller; the API server itself stores no more than about 1.5 MB in one object.",
  },
  KINGLET_ERR_KUBE_CLIENT_CONFIG: {
    message: "{file}: {problem}",
    retryable: false,
    remedy: "Correct the kubeconfig, or name another one with its path or the KUBECONFIG variable.",
  },
  KINGLET_ERR_KUBE_CLIENT_NO_CONFIG: {
    message: "no way to reach a cluster was found; looked at: {places}",
    retryable: false,
    remedy: "Name a kubeconfig with its path or the KUBECONFIG variable, or run in a pod with a service account token.",
  },
  KINGLET_ERR_KUBE_CLIENT_CREDENTIALS: {
    message: "{file}: {problem}",
    retryable: false,
    remedy: "Use a token, token file or client certificate for this user.",
  },
  KINGLET_ERR_KUBE_CLIENT_EXEC_PLUGIN: {
    message: '{file}: user "{user}" cannot log in: {problem}',
    retryable: true,
    remedy:
      "Run the plugin by hand as the kubeconfig names it, and look at what it writes; allow it in the policy if it may run.",
  },
  KINGLET_ERR_KUBE_CLIENT_REDIRECT: {
    message: "{method} {path}: the server answered with a redirect ({status}), which is not followed",
    retryable: false,
    remedy: "Set the server's address to where the API server itself is: credentials are sent to no other place.",
  },
  KINGLET_ERR_KUBE_CLIENT_NOT_SYNCED: {
    message: "{controller}: its informers have no complete list after {timeoutMs} ms: {reasons}",
    retryable: true,
    remedy:
      "Look at the reasons: usually a missing permission to list and watch, or an API server that cannot be reached.",
  },
  KINGLET_ERR_KUBE_CLIENT_LEASE_LOST: {
    message: "{lease}: the lease could not be renewed for {deadlineMs} ms, somebody else may lead by now",
    retryable: false,
    remedy:
      "End the process, which takes part in the election again when it is started; look at the load of the API server if it happens often.",
  },
  KINGLET_ERR_KUBE_CLIENT_TERMINAL: {
    message: "{problem}",
    retryable: false,
    remedy: "Change the object: trying again as it is cannot help.",
  },
  KINGLET_ERR_KUBE_CLIENT_ARGUMENT: {
    message: "{what}: {problem}",
    retryable: false,
    remedy: "Correct the call; this is a mistake in the calling program.",
  },
} as const;

/** @public */
export type KubeClientErrorCode = keyof typeof kubeClientErrors;
