/** Who owns which fields of a pod that a controller has made and a kubelet runs. */
export function podManagedFields(time: string): readonly unknown[] {
  return [
    {
      manager: "kube-controller-manager",
      operation: "Update",
      apiVersion: "v1",
      time,
      fieldsType: "FieldsV1",
      fieldsV1: {
        "f:metadata": {
          "f:annotations": owned("prometheus.io/port", "prometheus.io/scrape", "kubectl.kubernetes.io/restartedAt"),
          "f:generateName": {},
          "f:labels": owned("app", "app.kubernetes.io/name", "app.kubernetes.io/part-of", "pod-template-hash"),
          "f:ownerReferences": { ".": {} },
        },
        "f:spec": {
          "f:containers": { 'k:{"name":"app"}': containerFields() },
          ...fields("dnsPolicy", "enableServiceLinks", "restartPolicy", "schedulerName", "securityContext"),
          "f:terminationGracePeriodSeconds": {},
          "f:volumes": {
            ".": {},
            'k:{"name":"settings"}': { ".": {}, "f:configMap": owned("defaultMode", "name"), "f:name": {} },
          },
        },
      },
    },
    {
      manager: "kubelet",
      operation: "Update",
      apiVersion: "v1",
      time,
      fieldsType: "FieldsV1",
      fieldsV1: {
        "f:status": {
          "f:conditions": Object.fromEntries(
            ["ContainersReady", "Initialized", "PodReadyToStartContainers", "Ready"].map((type) => [
              `k:{"type":"${type}"}`,
              owned("lastProbeTime", "lastTransitionTime", "status", "type"),
            ]),
          ),
          ...fields("containerStatuses", "hostIP", "hostIPs", "phase", "podIP", "startTime"),
        },
      },
      subresource: "status",
    },
  ];
}

function containerFields(): Record<string, unknown> {
  const probe = {
    ...owned("failureThreshold", "periodSeconds", "successThreshold", "timeoutSeconds"),
    "f:httpGet": owned("path", "port", "scheme"),
  };
  return {
    ...owned("image", "imagePullPolicy", "name", "terminationMessagePath", "terminationMessagePolicy"),
    "f:env": { ".": {}, 'k:{"name":"LOG_LEVEL"}': owned("name", "value") },
    "f:livenessProbe": probe,
    "f:ports": { ".": {}, 'k:{"containerPort":8080,"protocol":"TCP"}': owned("containerPort", "name", "protocol") },
    "f:readinessProbe": probe,
    "f:resources": { ".": {}, "f:limits": owned("memory"), "f:requests": owned("cpu", "memory") },
    "f:securityContext": owned("allowPrivilegeEscalation", "capabilities", "runAsNonRoot"),
    "f:volumeMounts": { ".": {}, 'k:{"mountPath":"/tmp"}': owned("mountPath", "name") },
  };
}

function fields(...names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [`f:${name}`, {}]));
}

function owned(...names: readonly string[]): Record<string, unknown> {
  return { ".": {}, ...fields(...names) };
}
