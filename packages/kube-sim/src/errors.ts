/**
 * What can go wrong with the simulator itself. Refusals of the simulated API are not here: clients receive them as `Status`.
 *
 * @public
 */
export const kubeSimErrors = {
  KINGLET_ERR_KUBE_SIM_LISTEN: {
    message: "kube-sim cannot listen on {address}: {reason}",
    retryable: true,
    remedy: "Choose another port, or leave the port out to get a free one.",
  },
  KINGLET_ERR_KUBE_SIM_STOPPED: {
    message: "kube-sim was stopped and cannot be used again",
    retryable: false,
    remedy: "Open a new one.",
  },
  KINGLET_ERR_KUBE_SIM_UNKNOWN_RESOURCE: {
    message: "kube-sim serves nothing called {resource}",
    retryable: false,
    remedy: "Apply its CustomResourceDefinition first, or pass it in the option extraResources.",
  },
  KINGLET_ERR_KUBE_SIM_INVALID_OBJECT: {
    message: "kube-sim cannot store {object}: {reason}",
    retryable: false,
    remedy: "Correct the object.",
  },
  KINGLET_ERR_KUBE_SIM_AUDIT_POLICY: {
    message: "this is no audit policy: {reason}",
    retryable: false,
    remedy: "Give a Policy of audit.k8s.io/v1 as kube-apiserver reads it.",
  },
  KINGLET_ERR_KUBE_SIM_TOKEN_FILE: {
    message: "{file} is no token file: {reason}",
    retryable: false,
    remedy: 'Write one line per token: token,user,uid,"group,group".',
  },
} as const;
