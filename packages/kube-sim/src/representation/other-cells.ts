import { readPath, type KubeObject } from "../resources/kube-object.ts";
import {
  labelsText,
  numberAt,
  recordsAt,
  selectorText,
  shortList,
  sizeAt,
  textAt,
  textsAt,
  type Cells,
} from "./cell-values.ts";
import { humanAge } from "./human-duration.ts";

/** Cells of the remaining groups, by qualified resource name. */
export function otherCells(): Readonly<Record<string, Cells>> {
  return {
    "leases.coordination.k8s.io": (object, now) => [
      object.metadata.name,
      textAt(object, "spec.holderIdentity"),
      age(object, now),
    ],
    "rolebindings.rbac.authorization.k8s.io": bindingCells,
    "clusterrolebindings.rbac.authorization.k8s.io": bindingCells,
    "ingresses.networking.k8s.io": ingressCells,
    "ingressclasses.networking.k8s.io": (object, now) => [
      object.metadata.name,
      textAt(object, "spec.controller"),
      parametersText(object),
      age(object, now),
    ],
    "networkpolicies.networking.k8s.io": (object, now) => [
      object.metadata.name,
      selectorText(readPath(object, "spec.podSelector")),
      age(object, now),
    ],
    "servicecidrs.networking.k8s.io": (object, now) => [
      object.metadata.name,
      textsAt(object, "spec.cidrs").join(","),
      age(object, now),
    ],
    "ipaddresses.networking.k8s.io": (object, now) => {
      const parent = ["group", "resource", "namespace", "name"].map((part) => textAt(object, `spec.parentRef.${part}`));
      return [object.metadata.name, parent.filter((part) => part !== "").join("/"), age(object, now)];
    },
    "endpointslices.discovery.k8s.io": (object, now) => {
      const ports = recordsAt(object, "ports").map((port) => textAt(port, "port", textAt(port, "name", "*")));
      const addresses = recordsAt(object, "endpoints").flatMap((endpoint) => textsAt(endpoint, "addresses"));
      return [
        object.metadata.name,
        textAt(object, "addressType"),
        shortList(ports),
        shortList(addresses),
        age(object, now),
      ];
    },
    "storageclasses.storage.k8s.io": (object, now) => {
      const isDefault = object.metadata.annotations?.["storageclass.kubernetes.io/is-default-class"] === "true";
      return [
        isDefault ? `${object.metadata.name} (default)` : object.metadata.name,
        textAt(object, "provisioner"),
        textAt(object, "reclaimPolicy", "Delete"),
        textAt(object, "volumeBindingMode", "Immediate"),
        readPath(object, "allowVolumeExpansion") === true,
        age(object, now),
      ];
    },
    "priorityclasses.scheduling.k8s.io": (object, now) => [
      object.metadata.name,
      numberAt(object, "value"),
      readPath(object, "globalDefault") === true,
      age(object, now),
      textAt(object, "preemptionPolicy"),
    ],
    "runtimeclasses.node.k8s.io": (object, now) => [object.metadata.name, textAt(object, "handler"), age(object, now)],
    "validatingwebhookconfigurations.admissionregistration.k8s.io": webhookCells,
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": webhookCells,
    "validatingadmissionpolicies.admissionregistration.k8s.io": (object, now) =>
      policyCells(object, now, "spec.validations"),
    "mutatingadmissionpolicies.admissionregistration.k8s.io": (object, now) =>
      policyCells(object, now, "spec.mutations"),
    "validatingadmissionpolicybindings.admissionregistration.k8s.io": policyBindingCells,
    "mutatingadmissionpolicybindings.admissionregistration.k8s.io": policyBindingCells,
    "certificatesigningrequests.certificates.k8s.io": requestCells,
    "apiservices.apiregistration.k8s.io": (object, now) => {
      const service = readPath(object, "spec.service");
      const available = recordsAt(object, "status.conditions").find(({ type }) => type === "Available");
      return [
        object.metadata.name,
        service === undefined || service === null
          ? "Local"
          : `${textAt(service, "namespace")}/${textAt(service, "name")}`,
        textAt(available, "status", "Unknown"),
        age(object, now),
      ];
    },
    "flowschemas.flowcontrol.apiserver.k8s.io": (object, now) => {
      const dangling = recordsAt(object, "status.conditions").find(({ type }) => type === "Dangling");
      return [
        object.metadata.name,
        textAt(object, "spec.priorityLevelConfiguration.name", "<none>"),
        numberAt(object, "spec.matchingPrecedence"),
        textAt(object, "spec.distinguisherMethod.type", "<none>"),
        age(object, now),
        textAt(dangling, "status", "?"),
      ];
    },
    "csidrivers.storage.k8s.io": (object, now) => [
      object.metadata.name,
      readPath(object, "spec.attachRequired") ?? true,
      readPath(object, "spec.podInfoOnMount") ?? false,
      readPath(object, "spec.storageCapacity") ?? false,
      recordsAt(object, "spec.tokenRequests")
        .map((request) => textAt(request, "audience"))
        .join(",") || "<unset>",
      readPath(object, "spec.requiresRepublish") ?? false,
      textsAt(object, "spec.volumeLifecycleModes").join(",") || "<none>",
      age(object, now),
    ],
    "csinodes.storage.k8s.io": (object, now) => [
      object.metadata.name,
      sizeAt(object, "spec.drivers"),
      age(object, now),
    ],
    "volumeattachments.storage.k8s.io": (object, now) => [
      object.metadata.name,
      textAt(object, "spec.attacher"),
      textAt(object, "spec.source.persistentVolumeName"),
      textAt(object, "spec.nodeName"),
      readPath(object, "status.attached") === true,
      age(object, now),
    ],
  };
}

function age(object: KubeObject, now: number): string {
  return humanAge(object.metadata.creationTimestamp, now);
}

function bindingCells(object: KubeObject, now: number): unknown[] {
  const subjects = recordsAt(object, "subjects");
  const names = (kind: string): string =>
    subjects
      .filter((subject) => subject["kind"] === kind)
      .map((subject) =>
        kind === "ServiceAccount"
          ? `${textAt(subject, "namespace")}/${textAt(subject, "name")}`
          : textAt(subject, "name"),
      )
      .join(", ");
  return [
    object.metadata.name,
    `${textAt(object, "roleRef.kind")}/${textAt(object, "roleRef.name")}`,
    age(object, now),
    names("User"),
    names("Group"),
    names("ServiceAccount"),
  ];
}

function ingressCells(object: KubeObject, now: number): unknown[] {
  const rules = recordsAt(object, "spec.rules");
  const hosts = rules.slice(0, 3).map((rule) => textAt(rule, "host"));
  const shown = hosts.filter((host) => host !== "").join(",") || "*";
  const given = recordsAt(object, "status.loadBalancer.ingress").map((entry) =>
    textAt(entry, "ip", textAt(entry, "hostname")),
  );
  return [
    object.metadata.name,
    textAt(object, "spec.ingressClassName", "<none>"),
    rules.length > 3 && shown !== "*" ? `${shown} + ${rules.length - 3} more...` : shown,
    [...new Set(given)].sort().join(","),
    sizeAt(object, "spec.tls") > 0 ? "80, 443" : "80",
    age(object, now),
  ];
}

function parametersText(object: KubeObject): string {
  if (readPath(object, "spec.parameters") === undefined) return "<none>";
  const group = textAt(object, "spec.parameters.apiGroup");
  const kind = textAt(object, "spec.parameters.kind");
  return `${kind}${group === "" ? "" : `.${group}`}/${textAt(object, "spec.parameters.name")}`;
}

function webhookCells(object: KubeObject, now: number): unknown[] {
  return [object.metadata.name, sizeAt(object, "webhooks"), age(object, now)];
}

function policyCells(object: KubeObject, now: number, counted: string): unknown[] {
  const kind = readPath(object, "spec.paramKind");
  const text = kind === undefined ? "<unset>" : `${textAt(kind, "apiVersion")}/${textAt(kind, "kind")}`;
  return [object.metadata.name, sizeAt(object, counted), text, age(object, now)];
}

function policyBindingCells(object: KubeObject, now: number): unknown[] {
  const reference = readPath(object, "spec.paramRef");
  const namespace = textAt(reference, "namespace");
  const name = textAt(reference, "name", labelsText(readPath(reference, "selector.matchLabels")));
  const text = reference === undefined ? "<unset>" : namespace === "" ? name : `${namespace}/${name}`;
  return [object.metadata.name, textAt(object, "spec.policyName"), text, age(object, now)];
}

function requestCells(object: KubeObject, now: number): unknown[] {
  const conditions = new Set(recordsAt(object, "status.conditions").map(({ type }) => type));
  const states = ["Denied", "Approved", "Failed"].filter((state) => conditions.has(state));
  if (textAt(object, "status.certificate") !== "") states.push("Issued");
  const seconds = readPath(object, "spec.expirationSeconds");
  return [
    object.metadata.name,
    age(object, now),
    textAt(object, "spec.signerName", "<none>"),
    textAt(object, "spec.username"),
    typeof seconds === "number" ? `${seconds}s` : "<none>",
    states.join(",") || "Pending",
  ];
}
