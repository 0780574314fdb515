import { apiCall, deploymentObject, replicaSetObject } from "@kinglet/testing";
import type { ComponentActs } from "./component-acts.ts";
import type { LearnedWorkload, LearningBench } from "./learning-bench.ts";

/** What a deployment of the shop does all day. */
interface Deployment {
  readonly name: string;
  readonly binary: string;
  /** What the kubelet runs to see whether it is well. */
  readonly probe: readonly [binary: string, args: string];
  /** Files that it opens; `*` is another name each time. */
  readonly files: readonly string[];
  /** Others of the shop, or hosts outside. */
  readonly calls: readonly string[];
  /** Numbers of system calls on x64. */
  readonly syscalls: readonly number[];
}

const grpcProbe = ["/bin/grpc_health_probe", "-addr=:8080"] as const;
const node = { binary: "/usr/local/bin/node", probe: ["/usr/local/bin/node", "/app/probe.js"] as const };
const go = { probe: grpcProbe, syscalls: [0, 1, 202, 232, 257] };
const python = { binary: "/usr/local/bin/python3", probe: grpcProbe, syscalls: [0, 1, 9, 257, 262] };

const deployments: readonly Deployment[] = [
  {
    ...go,
    ...{ name: "storefront", binary: "/app/storefront", files: ["/app/pages/*.html", "/etc/hosts"] },
    calls: ["catalogue", "basket", "till", "hints", "notices"],
  },
  { ...go, name: "catalogue", binary: "/app/catalogue", files: ["/app/products.json"], calls: ["rates"] },
  { ...go, name: "till", binary: "/app/till", files: [], calls: ["basket", "payments", "parcels", "letters", "rates"] },
  { ...go, name: "parcels", binary: "/app/parcels", files: ["/etc/ssl/certs/ca.pem"], calls: ["tracking.example"] },
  { ...go, name: "basket", binary: "/app/basket", files: ["/app/settings.json"], calls: ["store"] },
  { ...node, name: "payments", files: ["/app/node_modules/*.js"], calls: ["cards.example"], syscalls: [0, 1, 20, 290] },
  { ...node, name: "rates", files: ["/app/rates.json"], calls: ["bank.example"], syscalls: [0, 1, 290] },
  { ...python, name: "letters", files: ["/app/templates/*.html", "/tmp/letter-*"], calls: ["post.example"] },
  { ...python, name: "hints", files: ["/app/model.bin", "/app/cache/*/index"], calls: ["catalogue"] },
  { ...go, name: "notices", binary: "/opt/java/bin/java", files: ["/app/lib/*.jar"], calls: [] },
  {
    ...{ name: "store", binary: "/usr/local/bin/redis-server", probe: ["/usr/local/bin/redis-cli", "ping"] },
    ...{ files: ["/var/lib/redis/dump.rdb", "/var/lib/redis/temp-*.rdb"], calls: [], syscalls: [0, 1, 57, 82] },
  },
];

/** Names that stand for one `*` in a round: together more than a profile lists one by one. */
const namesPerRound = 60;

/** A shop of eleven deployments that call each other, each with a pod of its own. */
export class ComponentShop {
  readonly workloads: readonly LearnedWorkload[];
  readonly #acts: ComponentActs;
  #names = 0;

  private constructor(acts: ComponentActs, workloads: readonly LearnedWorkload[]) {
    this.#acts = acts;
    this.workloads = workloads;
  }

  static async deploy(bench: LearningBench, acts: ComponentActs): Promise<ComponentShop> {
    const workloads: LearnedWorkload[] = [];
    const { namespace, fixture } = bench;
    const path = `/apis/apps/v1/namespaces/${namespace}`;
    for (const { name } of deployments) {
      const owner = { apiVersion: "apps/v1", kind: "Deployment", name };
      await apiCall(fixture, "POST", `${path}/deployments`, deploymentObject({ name, namespace }));
      const replicaSet = replicaSetObject({ name: `${name}-7d9f6c5b48`, namespace, podLabels: { app: name }, owner });
      await apiCall(fixture, "POST", `${path}/replicasets`, replicaSet);
      workloads.push(...(await bench.addPod(name, ["server"])));
    }
    return new ComponentShop(acts, workloads);
  }

  /** A time of the shop's business: every deployment does all that it does, with names of files that were never there before. */
  business(): readonly string[] {
    return this.workloads.flatMap((workload, at) => this.#businessOf(workload, deployments[at]!));
  }

  #businessOf(workload: LearnedWorkload, { binary, probe, files, calls, syscalls }: Deployment): readonly string[] {
    const acts = this.#acts;
    const paths = files.flatMap((file) =>
      file.includes("*") ? Array.from({ length: namesPerRound }, () => file.replace("*", `n${this.#names++}`)) : [file],
    );
    return [
      acts.executes(workload, binary, "--port 8080"),
      acts.executes(workload, ...probe),
      acts.usesCapability(workload, "NET_BIND_SERVICE", binary),
      ...syscalls.map((number) => acts.usesSyscall(workload, number, binary)),
      ...paths.map((path) => acts.opens(workload, path, binary)),
      ...calls.flatMap((name) => this.#call(workload, name, binary)),
    ];
  }

  #call(workload: LearnedWorkload, name: string, binary: string): readonly string[] {
    const at = deployments.findIndex((deployment) => deployment.name === name);
    return at === -1
      ? [
          this.#acts.asks(workload, `api.${name}.com`, binary),
          this.#acts.connects(workload, `203.0.113.${String(name.length)}`, 443, binary),
        ]
      : [
          this.#acts.asks(workload, `${name}.${workload.namespace}.svc.cluster.local`, binary),
          this.#acts.connects(workload, `10.96.1.${String(at)}`, 8080, binary),
        ];
  }
}
