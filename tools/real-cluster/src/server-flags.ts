/**
 * Command lines of the three programs, as pure functions of the places they work in.
 *
 * Everything listens on 127.0.0.1. Callers add flags; one of the same name replaces ours instead of standing beside it,
 * because some of these flags are lists that would add up.
 *
 * @internal
 */
export interface ClusterLayout {
  /** Folder of keys, tokens and data; private to the user. */
  readonly folder: string;
  readonly ports: ClusterPorts;
  readonly hasControllers: boolean;
}

/** Free loopback ports. @internal */
interface ClusterPorts {
  readonly etcdClient: number;
  readonly etcdPeer: number;
  readonly apiServer: number;
  readonly controllers: number;
}

const CONTROLLERS: readonly string[] = [
  "namespace-controller",
  "garbage-collector-controller",
  "serviceaccount-controller",
  "serviceaccount-token-controller",
  "root-ca-certificate-publisher-controller",
  "pod-garbage-collector-controller",
];

/** @internal */
export function etcdFlags(layout: ClusterLayout, extra: readonly string[] = []): string[] {
  const client = `http://127.0.0.1:${layout.ports.etcdClient}`;
  const peer = `http://127.0.0.1:${layout.ports.etcdPeer}`;
  const flags = [
    "--name=default",
    `--data-dir=${layout.folder}/etcd`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    // The data folder is thrown away: durability would only cost disk time.
    "--unsafe-no-fsync=true",
    // Streaming lists wait for a progress notification; the default of 10 minutes would make each of them hang.
    "--watch-progress-notify-interval=5s",
    "--log-level=warn",
  ];
  return mergeFlags(flags, extra);
}

/** @internal */
export function apiServerFlags(layout: ClusterLayout, extra: readonly string[] = []): string[] {
  const flags = [
    `--etcd-servers=http://127.0.0.1:${layout.ports.etcdClient}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${layout.ports.apiServer}`,
    // Empty at first: the server signs its own certificate there and finds it again after a restart.
    `--cert-dir=${layout.folder}/certs`,
    `--token-auth-file=${layout.folder}/tokens.csv`,
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${layout.folder}/service-account.pub`,
    `--service-account-signing-key-file=${layout.folder}/service-account.key`,
    "--authorization-mode=RBAC",
    "--service-cluster-ip-range=10.0.0.0/24",
    "--allow-privileged=true",
    "--endpoint-reconciler-type=none",
  ];
  // Without the controllers no namespace ever gets a service account, and this plugin would refuse every pod.
  if (!layout.hasControllers) flags.push("--disable-admission-plugins=ServiceAccount");
  return mergeFlags(flags, extra);
}

/** @internal */
export function controllerFlags(layout: ClusterLayout, kubeconfigPath: string): string[] {
  return [
    `--kubeconfig=${kubeconfigPath}`,
    `--controllers=${CONTROLLERS.join(",")}`,
    `--service-account-private-key-file=${layout.folder}/service-account.key`,
    `--root-ca-file=${layout.folder}/certs/apiserver.crt`,
    "--leader-elect=false",
    "--bind-address=127.0.0.1",
    `--secure-port=${layout.ports.controllers}`,
    `--cert-dir=${layout.folder}/controller-certs`,
    "--kube-api-qps=500",
    "--kube-api-burst=1000",
  ];
}

/** Ours without those that the caller names too, then the caller's. `--a=b`, `--a b` and `--a` are all understood. @internal */
export function mergeFlags(ours: readonly string[], extra: readonly string[]): string[] {
  const named = new Set(extra.filter((flag) => flag.startsWith("-")).map(flagName));
  return [...ours.filter((flag) => !named.has(flagName(flag))), ...extra];
}

function flagName(flag: string): string {
  return flag.replace(/^--?/u, "").replace(/=.*$/su, "");
}
