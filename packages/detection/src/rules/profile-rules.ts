import type { RuleDefinition } from "@kinglet/policy-engine";

/** What a container does and its profile does not list. @internal */
export const profileRules: readonly RuleDefinition[] = [
  {
    enabled: true,
    id: "R0001",
    name: "Unexpected process launched",
    description: "A container ran a program that its profile does not list.",
    expressions: {
      message: "event.exepath + ' ran in container ' + event.containerName + ', and the profile does not list it'",
      uniqueId: "event.comm + '|' + event.exepath",
      ruleExpression: [{ eventType: "exec", expression: "!cp.was_executed(event.containerId, event.exepath)" }],
    },
    profileDependency: 0,
    profileDataRequired: { execs: "all" },
    severity: 1,
    supportPolicy: false,
    isTriggerAlert: true,
    mitreTactic: "TA0002",
    mitreTechnique: "T1059",
    tags: ["anomaly", "process", "exec", "applicationprofile"],
  },
  {
    enabled: false,
    id: "R0002",
    name: "Files Access Anomalies in container",
    description: "A container opened a file in a watched folder, and its profile does not list the file.",
    expressions: {
      message:
        "event.comm + ' opened ' + event.path + ', which the profile of ' + event.containerName + ' does not list'",
      uniqueId: "event.comm + '|' + event.path",
      ruleExpression: [
        {
          eventType: "open",
          expression:
            "(['/etc/', '/var/log/', '/var/run/', '/run/', '/var/spool/cron/', '/var/www/', '/var/lib/', '/opt/', '/usr/local/', '/app/']" +
            ".exists(folder, event.path.startsWith(folder)) || event.path in ['/.dockerenv', '/proc/self/environ']) && " +
            "!cp.was_path_opened(event.containerId, event.path)",
        },
      ],
    },
    profileDependency: 0,
    profileDataRequired: {
      opens: [
        { prefix: "/etc/" },
        { prefix: "/var/log/" },
        { prefix: "/var/run/" },
        { prefix: "/run/" },
        { prefix: "/var/spool/cron/" },
        { prefix: "/var/www/" },
        { prefix: "/var/lib/" },
        { prefix: "/opt/" },
        { prefix: "/usr/local/" },
        { prefix: "/app/" },
        { exact: "/.dockerenv" },
        { exact: "/proc/self/environ" },
      ],
    },
    severity: 1,
    supportPolicy: false,
    isTriggerAlert: false,
    mitreTactic: "TA0009",
    mitreTechnique: "T1005",
    tags: ["anomaly", "file", "open", "applicationprofile"],
    state: {
      includePrefixes: [
        "/etc",
        "/var/log",
        "/var/run",
        "/run",
        "/var/spool/cron",
        "/var/www",
        "/var/lib",
        "/opt",
        "/usr/local",
        "/app",
        "/.dockerenv",
        "/proc/self/environ",
      ],
      ignorePrefixes: [
        "/run/secrets/kubernetes.io/serviceaccount",
        "/var/run/secrets/kubernetes.io/serviceaccount",
        "/tmp",
      ],
    },
  },
  {
    enabled: true,
    id: "R0003",
    name: "Syscalls Anomalies in container",
    description: "A container made a system call that its profile does not list.",
    expressions: {
      message: "'system call ' + event.syscallName + ' in container ' + event.containerName + ' is not in its profile'",
      uniqueId: "event.syscallName",
      ruleExpression: [
        { eventType: "syscall", expression: "!cp.was_syscall_used(event.containerId, event.syscallName)" },
      ],
    },
    profileDependency: 0,
    profileDataRequired: { syscalls: "all" },
    severity: 1,
    supportPolicy: false,
    isTriggerAlert: false,
    mitreTactic: "TA0002",
    mitreTechnique: "T1106",
    tags: ["anomaly", "syscall", "applicationprofile"],
  },
  {
    enabled: true,
    id: "R0004",
    name: "Linux Capabilities Anomalies in container",
    description: "A container used a capability that its profile does not list.",
    expressions: {
      message:
        "event.comm + ' used capability ' + event.capName + ', which the profile of ' + event.containerName + ' does not list'",
      uniqueId: "event.comm + '|' + event.capName",
      ruleExpression: [
        { eventType: "capabilities", expression: "!cp.was_capability_used(event.containerId, event.capName)" },
      ],
    },
    profileDependency: 0,
    profileDataRequired: { capabilities: "all" },
    severity: 1,
    supportPolicy: false,
    isTriggerAlert: false,
    mitreTactic: "TA0004",
    mitreTechnique: "T1548",
    tags: ["anomaly", "capabilities", "applicationprofile"],
  },
  {
    enabled: true,
    id: "R0005",
    name: "DNS Anomalies in container",
    description: "A container asked for a name outside the cluster that its profile does not list.",
    expressions: {
      message:
        "event.comm + ' asked for ' + event.name + ', which the profile of ' + event.containerName + ' does not list'",
      uniqueId: "event.comm + '|' + event.name",
      ruleExpression: [
        {
          eventType: "dns",
          expression:
            "!event.name.endsWith('.svc.cluster.local.') && !cp.is_domain_in_egress(event.containerId, event.name)",
        },
      ],
    },
    profileDependency: 0,
    profileDataRequired: { egressDomains: "all" },
    severity: 1,
    supportPolicy: false,
    isTriggerAlert: false,
    mitreTactic: "TA0011",
    mitreTechnique: "T1071.004",
    tags: ["anomaly", "dns", "networkprofile"],
  },
  {
    enabled: true,
    id: "R0006",
    name: "Unexpected service account token access",
    description:
      "A container read the token of its service account, and its profile lists nothing in the folders of such tokens.",
    expressions: {
      message: "event.comm + ' opened ' + event.path + ', the token of the service account of ' + event.podName",
      // The token lies in a folder that gets another name whenever it is renewed.
      uniqueId: "event.comm",
      ruleExpression: [
        {
          eventType: "open",
          expression:
            "event.path.endsWith('/token') && ['/run/secrets/kubernetes.io/serviceaccount/', '/var/run/secrets/kubernetes.io/serviceaccount/', " +
            "'/run/secrets/eks.amazonaws.com/serviceaccount/', '/var/run/secrets/eks.amazonaws.com/serviceaccount/']" +
            ".exists(folder, event.path.startsWith(folder)) && !(" +
            "cp.was_path_opened_with_prefix(event.containerId, '/run/secrets/kubernetes.io/serviceaccount') || " +
            "cp.was_path_opened_with_prefix(event.containerId, '/var/run/secrets/kubernetes.io/serviceaccount') || " +
            "cp.was_path_opened_with_prefix(event.containerId, '/run/secrets/eks.amazonaws.com/serviceaccount') || " +
            "cp.was_path_opened_with_prefix(event.containerId, '/var/run/secrets/eks.amazonaws.com/serviceaccount'))",
        },
      ],
    },
    profileDependency: 0,
    profileDataRequired: {
      opens: [
        { prefix: "/run/secrets/kubernetes.io/serviceaccount" },
        { prefix: "/var/run/secrets/kubernetes.io/serviceaccount" },
        { prefix: "/run/secrets/eks.amazonaws.com/serviceaccount" },
        { prefix: "/var/run/secrets/eks.amazonaws.com/serviceaccount" },
      ],
    },
    severity: 5,
    supportPolicy: false,
    isTriggerAlert: true,
    mitreTactic: "TA0006",
    mitreTechnique: "T1528",
    tags: ["anomaly", "serviceaccount", "open", "applicationprofile"],
  },
  {
    enabled: true,
    id: "R0007",
    name: "Workload uses Kubernetes API unexpectedly",
    description: "A container ran kubectl or called the API server, and its profile lists neither.",
    expressions: {
      message:
        "event.comm + ' in container ' + event.containerName + ' uses the Kubernetes API, and the profile does not list it'",
      uniqueId: "eventType + '|' + event.comm",
      ruleExpression: [
        {
          eventType: "exec",
          expression: "event.exepath.endsWith('/kubectl') && !cp.was_executed(event.containerId, event.exepath)",
        },
        {
          eventType: "network",
          expression:
            "event.pktType == 'OUTGOING' && k8s.is_api_server_address(event.dstAddr) && " +
            "!cp.was_address_in_egress(event.containerId, event.dstAddr)",
        },
      ],
    },
    profileDependency: 0,
    profileDataRequired: { execs: "all", egressAddresses: "all" },
    severity: 5,
    supportPolicy: false,
    isTriggerAlert: false,
    mitreTactic: "TA0007",
    mitreTechnique: "T1613",
    tags: ["anomaly", "network", "exec", "networkprofile"],
  },
  {
    enabled: true,
    id: "R0008",
    name: "Read Environment Variables from procfs",
    description:
      "A container read the environment of a process, where secrets are, and its profile lists no such file.",
    expressions: {
      message: "event.comm + ' opened ' + event.path + ' in container ' + event.containerName",
      uniqueId: "event.comm + '|' + event.path",
      ruleExpression: [
        {
          eventType: "open",
          expression:
            "event.path.startsWith('/proc/') && event.path.endsWith('/environ') && " +
            "!cp.was_path_opened_with_suffix(event.containerId, '/environ')",
        },
      ],
    },
    profileDependency: 0,
    profileDataRequired: { opens: [{ suffix: "/environ" }] },
    severity: 5,
    supportPolicy: false,
    isTriggerAlert: true,
    mitreTactic: "TA0006",
    mitreTechnique: "T1552.007",
    tags: ["anomaly", "procfs", "environment", "applicationprofile"],
  },
  {
    enabled: true,
    id: "R0009",
    name: "eBPF Program Load",
    description: "A container loaded an eBPF program, and its profile does not list the system call.",
    expressions: {
      message: "event.comm + ' loaded an eBPF program in container ' + event.containerName",
      uniqueId: "event.comm + '|bpf'",
      ruleExpression: [
        { eventType: "bpf", expression: "event.cmd == 5u && !cp.was_syscall_used(event.containerId, 'bpf')" },
      ],
    },
    profileDependency: 1,
    profileDataRequired: { syscalls: [{ exact: "bpf" }] },
    severity: 5,
    supportPolicy: false,
    isTriggerAlert: true,
    mitreTactic: "TA0005",
    mitreTechnique: "T1014",
    tags: ["bpf", "ebpf", "applicationprofile"],
  },
  {
    enabled: true,
    id: "R0010",
    name: "Unexpected Sensitive File Access",
    description: "A container opened the file of password hashes, and its profile does not list it.",
    expressions: {
      message: "event.comm + ' opened ' + event.path + ' in container ' + event.containerName",
      uniqueId: "event.comm + '|' + event.path",
      ruleExpression: [
        {
          eventType: "open",
          expression: "event.path.startsWith('/etc/shadow') && !cp.was_path_opened(event.containerId, event.path)",
        },
      ],
    },
    profileDependency: 1,
    profileDataRequired: { opens: [{ prefix: "/etc/shadow" }] },
    severity: 5,
    supportPolicy: false,
    isTriggerAlert: true,
    mitreTactic: "TA0006",
    mitreTechnique: "T1003.008",
    tags: ["files", "anomaly", "applicationprofile"],
  },
  {
    enabled: true,
    id: "R0011",
    name: "Unexpected Egress Network Traffic",
    description: "A container called an address of the Internet that its profile does not list.",
    expressions: {
      message:
        "event.comm + ' called ' + event.dstAddr + ', which the profile of ' + event.containerName + ' does not list'",
      uniqueId: "event.comm + '|' + event.dstAddr + '|' + event.proto",
      ruleExpression: [
        {
          eventType: "network",
          expression:
            "event.pktType == 'OUTGOING' && event.dstAddr != '' && !net.is_private_ip(event.dstAddr) && " +
            "!cp.was_address_in_egress(event.containerId, event.dstAddr)",
        },
      ],
    },
    profileDependency: 0,
    profileDataRequired: { egressAddresses: "all" },
    severity: 5,
    supportPolicy: false,
    isTriggerAlert: false,
    mitreTactic: "TA0010",
    mitreTechnique: "T1041",
    tags: ["allowed", "network", "anomaly", "networkprofile"],
  },
  {
    enabled: true,
    id: "R0040",
    name: "Unexpected process arguments",
    description: "A container ran a program of its profile with arguments that the profile does not list.",
    expressions: {
      message:
        "event.exepath + ' ran in container ' + event.containerName + ' with arguments that the profile does not list'",
      uniqueId: "event.comm + '|' + event.exepath + '|' + event.args.join(' ')",
      ruleExpression: [
        {
          eventType: "exec",
          expression:
            "cp.was_executed(event.containerId, event.exepath) && " +
            "!cp.was_executed_with_args(event.containerId, event.exepath, event.args)",
        },
      ],
    },
    profileDependency: 0,
    profileDataRequired: { execs: "all" },
    severity: 3,
    supportPolicy: false,
    isTriggerAlert: true,
    mitreTactic: "TA0002",
    mitreTechnique: "T1059",
    tags: ["anomaly", "process", "exec", "arguments", "applicationprofile"],
  },
];
