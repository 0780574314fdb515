/** What `kube-sim serve --help` prints. */
export const SERVE_HELP = `kube-sim serve: a Kubernetes API server in one process, on loopback, with data in memory

  kube-sim serve [--port N] [--kubeconfig FILE] [--token-auth-file CSV] [--client-ca-file PEM]
                 [--audit-policy-file YAML --audit-log-path FILE] [--seed N] [--load RESOURCE=COUNT,...]

It writes a kubeconfig with the credential of an administrator, prints one line of JSON on standard output when it is ready
({"ready":true,"server":"https://127.0.0.1:PORT","kubeconfig":"FILE"}) and runs until SIGTERM or SIGINT; then it ends with 0.
Everything is forgotten at the end.

  --port N               port on 127.0.0.1, 0 to 65535. Default: any free one
  --kubeconfig FILE      where to write the kubeconfig, readable by you alone. An existing file is replaced, in one step. Default: a
                         private file in the folder for temporary files, removed at the end
  --token-auth-file CSV  more users: one line per token, token,user,uid,"group,group", as kube-apiserver reads it
  --client-ca-file PEM   authority whose client certificates count: common name = user, organisations = groups
  --audit-policy-file YAML
                         what the audit log records: a Policy of audit.k8s.io/v1, as kube-apiserver reads it
  --audit-log-path FILE  where the audit log goes, one event of JSON per line, readable by you alone. An existing file is continued
  --seed N               0 to 4294967295: generated names are the same in each run with the same seed
  --load R=N,...         make N objects of a resource first, as in pods=5000,nodes=10

Access is by role: users may do what Roles, ClusterRoles and their bindings allow, the group system:masters everything. The roles that
every cluster starts with are there (view, edit, admin, cluster-admin, ...).

  kube-sim serve --kubeconfig ./sim.kubeconfig --load nodes=10,pods=500 &
  kubectl --kubeconfig ./sim.kubeconfig get pods --all-namespaces

Exit codes: 0 stopped, 1 could not start, 2 wrong arguments.
`;
