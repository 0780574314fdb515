/**
 * An API server for one test suite, simulated or real; suites are written against this and run on both.
 */
export interface ClusterFixture {
  readonly kind: "kube-sim" | "real";
  /** `https://127.0.0.1:PORT` */
  readonly server: string;
  /** The authority behind the server's certificate, PEM. */
  readonly caPem: string;
  /** A kubeconfig file with an administrator's token, in a folder that goes with the fixture. */
  readonly kubeconfigPath: string;
  readonly adminToken: string;
  /** False for a cluster that the tests did not start. */
  readonly canRestart: boolean;
  /** Drops all connections; resolves when the server answers again, with the same data. */
  restart(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
