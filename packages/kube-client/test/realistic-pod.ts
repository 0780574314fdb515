/**
 * A pod as clusters have them: 6.8 KB of JSON and about 4.1 KB of protobuf with managedFields; a sidecar, probes, environment, volumes, full status.
 * Five pods to a workload, twenty workloads to a namespace, deterministic by index.
 */
export function realisticPod(index: number): Record<string, unknown> {
  const workload = Math.floor(index / 5);
  const service = `service-${workload}`;
  const templateHash = hex(workload * 7919, 10);
  const name = `${service}-${templateHash}-${hex(index * 104_729, 5)}`;
  const namespace = `team-${Math.floor(workload / 20)}`;
  const time = `2026-11-${String(1 + (index % 20)).padStart(2, "0")}T08:${String(index % 60).padStart(2, "0")}:11Z`;
  const token = {
    name: `kube-api-access-${hex(index * 31, 5)}`,
    readOnly: true,
    mountPath: "/var/run/secrets/kubernetes.io/serviceaccount",
  };
  const uid = (seed: number): string =>
    `${hex(seed * 2_654_435_761, 8)}-${hex(seed, 4)}-4${hex(seed * 3, 3)}-8${hex(seed * 5, 3)}-${hex(seed * 40_503, 12)}`;
  const images = [
    `registry.example.com/shop/${service}:v1.${workload % 40}.3`,
    "registry.example.com/mesh/proxy:1.24.0",
  ];
  const digests = [
    `registry.example.com/shop/${service}@sha256:${hex(workload + 17, 64)}`,
    `registry.example.com/mesh/proxy@sha256:${hex(3, 64)}`,
  ];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      generateName: `${service}-${templateHash}-`,
      namespace,
      uid: uid(index + 1),
      resourceVersion: String(8_400_000 + index * 3),
      generation: 1,
      creationTimestamp: time,
      labels: {
        app: service,
        "app.kubernetes.io/part-of": "shop",
        "pod-template-hash": templateHash,
        team: namespace,
      },
      annotations: {
        "prometheus.io/port": "9090",
        "prometheus.io/scrape": "true",
        "checksum/config": hex(workload * 99_991, 64),
      },
      ownerReferences: [
        {
          apiVersion: "apps/v1",
          kind: "ReplicaSet",
          name: `${service}-${templateHash}`,
          uid: uid(workload + 500_000),
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
      managedFields: [
        {
          manager: "kube-controller-manager",
          operation: "Update",
          apiVersion: "v1",
          time,
          fieldsType: "FieldsV1",
          fieldsV1: SPEC_FIELDS,
        },
        {
          manager: "kubelet",
          operation: "Update",
          apiVersion: "v1",
          time,
          fieldsType: "FieldsV1",
          fieldsV1: STATUS_FIELDS,
          subresource: "status",
        },
      ],
    },
    spec: {
      volumes: [
        { name: "config", configMap: { name: `${service}-config`, defaultMode: 420 } },
        { name: "cache", emptyDir: {} },
        {
          name: token.name,
          projected: {
            sources: [
              { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
              { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
              {
                downwardAPI: {
                  items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }],
                },
              },
            ],
            defaultMode: 420,
          },
        },
      ],
      containers: [
        {
          name: "app",
          image: images[0],
          args: ["--listen=:8080", "--log-level=info"],
          ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }],
          env: [
            { name: "POD_NAME", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.name" } } },
            { name: "DATABASE_URL", value: `postgres://db.${namespace}.svc:5432/${service}` },
            { name: "PASSWORD", valueFrom: { secretKeyRef: { name: `${service}-db`, key: "password" } } },
          ],
          resources: { limits: { cpu: "1", memory: "512Mi" }, requests: { cpu: "100m", memory: "256Mi" } },
          volumeMounts: [
            { name: "config", readOnly: true, mountPath: "/etc/app" },
            { name: "cache", mountPath: "/var/cache/app" },
            token,
          ],
          livenessProbe: probe("/healthz"),
          readinessProbe: probe("/readyz"),
          terminationMessagePath: "/dev/termination-log",
          terminationMessagePolicy: "File",
          imagePullPolicy: "IfNotPresent",
          securityContext: { runAsNonRoot: true, readOnlyRootFilesystem: true, allowPrivilegeEscalation: false },
        },
        {
          name: "proxy",
          image: images[1],
          ports: [{ name: "metrics", containerPort: 9090, protocol: "TCP" }],
          resources: { requests: { cpu: "10m", memory: "64Mi" } },
          volumeMounts: [token],
          terminationMessagePath: "/dev/termination-log",
          terminationMessagePolicy: "File",
          imagePullPolicy: "IfNotPresent",
        },
      ],
      restartPolicy: "Always",
      terminationGracePeriodSeconds: 30,
      dnsPolicy: "ClusterFirst",
      serviceAccountName: service,
      serviceAccount: service,
      nodeName: `node-${index % 50}`,
      securityContext: { fsGroup: 1000, seccompProfile: { type: "RuntimeDefault" } },
      schedulerName: "default-scheduler",
      tolerations: ["not-ready", "unreachable"].map((key) => ({
        key: `node.kubernetes.io/${key}`,
        operator: "Exists",
        effect: "NoExecute",
        tolerationSeconds: 300,
      })),
      priority: 0,
      enableServiceLinks: true,
      preemptionPolicy: "PreemptLowerPriority",
    },
    status: {
      phase: "Running",
      conditions: ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"].map(
        (type) => ({
          type,
          status: "True",
          lastProbeTime: null,
          lastTransitionTime: time,
        }),
      ),
      hostIP: `10.0.0.${index % 50}`,
      hostIPs: [{ ip: `10.0.0.${index % 50}` }],
      podIP: `10.244.${index % 250}.${Math.floor(index / 250) % 250}`,
      podIPs: [{ ip: `10.244.${index % 250}.${Math.floor(index / 250) % 250}` }],
      startTime: time,
      containerStatuses: ["app", "proxy"].map((container, at) => ({
        name: container,
        state: { running: { startedAt: time } },
        lastState: {},
        ready: true,
        restartCount: 0,
        image: images[at],
        imageID: digests[at],
        containerID: `containerd://${hex((index * 2 + at) * 7_368_787 + 11, 64)}`,
        started: true,
      })),
      qosClass: "Burstable",
    },
  };
}

/** What the sensor keeps of a pod. */
export const SENSOR_POD_PATHS: readonly string[] = [
  "metadata.labels",
  "metadata.ownerReferences[].apiVersion",
  "metadata.ownerReferences[].kind",
  "metadata.ownerReferences[].name",
  "metadata.ownerReferences[].controller",
  "metadata.deletionTimestamp",
  "spec.nodeName",
  "spec.containers[].name",
  "spec.containers[].image",
  "spec.initContainers[].name",
  "spec.initContainers[].image",
  "spec.ephemeralContainers[].name",
  "spec.ephemeralContainers[].image",
  "status.phase",
  "status.containerStatuses[].name",
  "status.containerStatuses[].containerID",
  "status.containerStatuses[].imageID",
  "status.initContainerStatuses[].name",
  "status.initContainerStatuses[].containerID",
  "status.initContainerStatuses[].imageID",
  "status.ephemeralContainerStatuses[].name",
  "status.ephemeralContainerStatuses[].containerID",
  "status.ephemeralContainerStatuses[].imageID",
];

/** Digits that look random and are the same for the same seed. */
function hex(seed: number, length: number): string {
  let state = Math.abs(Math.floor(seed)) % 4_294_967_296;
  let text = "";
  while (text.length < length) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += state.toString(16).padStart(8, "0").slice(0, 4);
  }
  return text.slice(0, length);
}

function probe(path: string): object {
  return {
    httpGet: { path, port: "http", scheme: "HTTP" },
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  };
}

const fields = (...names: string[]): Record<string, object> =>
  Object.fromEntries(names.map((name) => [name === "." ? "." : `f:${name}`, {}]));

const SPEC_FIELDS = {
  "f:metadata": {
    "f:annotations": fields(".", "checksum/config", "prometheus.io/port", "prometheus.io/scrape"),
    "f:generateName": {},
    "f:labels": fields(".", "app", "app.kubernetes.io/part-of", "pod-template-hash", "team"),
    "f:ownerReferences": { ".": {} },
  },
  "f:spec": {
    "f:containers": {
      'k:{"name":"app"}': fields(
        ".",
        "args",
        "env",
        "image",
        "imagePullPolicy",
        "livenessProbe",
        "name",
        "ports",
        "readinessProbe",
        "resources",
        "securityContext",
        "terminationMessagePath",
        "terminationMessagePolicy",
        "volumeMounts",
      ),
      'k:{"name":"proxy"}': fields(
        ".",
        "image",
        "imagePullPolicy",
        "name",
        "ports",
        "resources",
        "terminationMessagePath",
        "terminationMessagePolicy",
      ),
    },
    ...fields(
      "dnsPolicy",
      "enableServiceLinks",
      "restartPolicy",
      "schedulerName",
      "securityContext",
      "serviceAccount",
      "serviceAccountName",
      "terminationGracePeriodSeconds",
      "volumes",
    ),
  },
};

const STATUS_FIELDS = {
  "f:status": {
    "f:conditions": Object.fromEntries(
      ["ContainersReady", "Initialized", "PodReadyToStartContainers", "Ready"].map((type) => [
        `k:{"type":"${type}"}`,
        fields(".", "lastProbeTime", "lastTransitionTime", "status", "type"),
      ]),
    ),
    ...fields("containerStatuses", "hostIP", "hostIPs", "phase", "podIP", "podIPs", "startTime"),
  },
};
