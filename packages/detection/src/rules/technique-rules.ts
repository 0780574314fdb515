import type { RuleDefinition } from "@kinglet/policy-engine";

/** How foreign code comes to run. @internal */
export const techniqueRules: readonly RuleDefinition[] = [
  {
    enabled: true,
    id: "R1000",
    name: "Process executed from malicious source",
    description: "A container ran a program in shared memory, or from there: a place for files that leave no trace.",
    expressions: {
      message: "event.exepath + ' ran from shared memory in container ' + event.containerName",
      uniqueId: "event.comm + '|' + event.exepath",
      ruleExpression: [
        {
          eventType: "exec",
          expression:
            "event.exepath.startsWith('/dev/shm/') || " +
            "(event.exepath.startsWith('/proc/') && parse.resolve_path(event.exepath, event.cwd).startsWith('/dev/shm/')) || " +
            "event.cwd == '/dev/shm' || event.cwd.startsWith('/dev/shm/') || " +
            "(has(event.args) && event.args.size() > 0 && event.args[0].startsWith('/dev/shm/'))",
        },
      ],
    },
    profileDependency: 2,
    profileDataRequired: {},
    severity: 8,
    supportPolicy: false,
    isTriggerAlert: true,
    mitreTactic: "TA0002",
    mitreTechnique: "T1059",
    tags: ["exec", "malicious"],
  },
  {
    enabled: false,
    id: "R1001",
    name: "Drifted process executed",
    description: "A container ran a program that did not come with its image. No source here tells where a file lies.",
    expressions: {
      message: "event.exepath + ' ran in container ' + event.containerName + ' and is not part of its image'",
      uniqueId: "event.comm + '|' + event.exepath + '|' + event.pcomm",
      ruleExpression: [
        {
          eventType: "exec",
          expression:
            "((has(event.upperlayer) && event.upperlayer) || (has(event.pupperlayer) && event.pupperlayer)) && " +
            "!cp.was_executed(event.containerId, event.exepath)",
        },
      ],
    },
    profileDependency: 1,
    profileDataRequired: { execs: "all" },
    severity: 8,
    supportPolicy: false,
    isTriggerAlert: true,
    mitreTactic: "TA0005",
    mitreTechnique: "T1036",
    tags: ["exec", "malicious", "binary", "base image", "applicationprofile"],
  },
  {
    enabled: true,
    id: "R1002",
    name: "Process tries to load a kernel module",
    description: "A container loaded code into the kernel of its node.",
    expressions: {
      message: "event.comm + ' loaded kernel module ' + event.module + ' from container ' + event.containerName",
      uniqueId: "event.comm + '|' + event.syscallName + '|' + event.module",
      ruleExpression: [
        {
          eventType: "kmod",
          expression: "event.syscallName == 'init_module' || event.syscallName == 'finit_module'",
        },
      ],
    },
    profileDependency: 2,
    profileDataRequired: {},
    severity: 10,
    supportPolicy: false,
    isTriggerAlert: true,
    mitreTactic: "TA0003",
    mitreTechnique: "T1547.006",
    tags: ["kmod", "kernel", "module", "load"],
  },
  {
    enabled: false,
    id: "R1003",
    name: "Disallowed ssh connection",
    description: "The program ssh called an unusual port of a host that the profile does not list.",
    expressions: {
      message:
        "event.comm + ' in container ' + event.containerName + ' called ' + event.dstAddr + ', port ' + string(event.dstPort)",
      uniqueId: "event.comm + '|' + event.dstAddr + '|' + string(event.dstPort)",
      ruleExpression: [
        {
          eventType: "network",
          expression:
            "event.pktType == 'OUTGOING' && event.proto == 'TCP' && event.comm == 'ssh' && " +
            "event.dstPort != 22 && event.dstPort != 2022 && " +
            "(!has(event.srcPort) || (event.srcPort >= 32768 && event.srcPort <= 60999)) && " +
            "!cp.was_address_in_egress(event.containerId, event.dstAddr)",
        },
      ],
    },
    profileDependency: 1,
    profileDataRequired: { egressAddresses: "all" },
    severity: 5,
    supportPolicy: false,
    isTriggerAlert: true,
    mitreTactic: "TA0008",
    mitreTechnique: "T1021.004",
    tags: ["ssh", "connection", "port", "malicious", "networkprofile"],
  },
  {
    enabled: true,
    id: "R1004",
    name: "Process executed from mount",
    description: "A container ran a program from a volume, and its profile does not list it.",
    expressions: {
      message: "event.exepath + ' ran from a volume of container ' + event.containerName",
      uniqueId: "event.comm + '|' + event.exepath",
      ruleExpression: [
        {
          eventType: "exec",
          expression:
            "!cp.was_executed(event.containerId, event.exepath) && " +
            "k8s.get_container_mount_paths(event.namespace, event.podName, event.containerName)" +
            // As it was told and without detours: either may be the file, because nobody tells which folders are links.
            ".exists(mount, (event.exepath + '/').startsWith(mount.endsWith('/') ? mount : mount + '/') || " +
            "(parse.resolve_path(event.exepath, event.cwd) + '/').startsWith(mount.endsWith('/') ? mount : mount + '/'))",
        },
      ],
    },
    profileDependency: 1,
    profileDataRequired: { execs: "all" },
    severity: 5,
    supportPolicy: false,
    isTriggerAlert: true,
    mitreTactic: "TA0002",
    mitreTechnique: "T1059",
    tags: ["exec", "mount", "applicationprofile"],
  },
  {
    enabled: true,
    id: "R1005",
    name: "Fileless execution detected",
    description: "A container ran a program that is no file: from memory, or through a descriptor.",
    expressions: {
      message: "event.exepath + ' ran in container ' + event.containerName + ' without a file'",
      uniqueId: "event.comm + '|' + event.exepath",
      ruleExpression: [
        {
          eventType: "exec",
          expression:
            // The kernel calls it `/memfd:NAME`, some sources `memfd:NAME`; a file may have the word in its name.
            "event.exepath.startsWith('memfd:') || event.exepath.startsWith('/memfd:') || " +
            "(event.exepath.startsWith('/dev/') && (event.exepath.startsWith('/dev/fd/') || " +
            "event.exepath in ['/dev/stdin', '/dev/stdout', '/dev/stderr'])) || " +
            "(event.exepath.startsWith('/proc/') && (event.exepath.contains('/fd/') || " +
            "parse.resolve_path(event.exepath, event.cwd) in ['/dev/stdin', '/dev/stdout', '/dev/stderr']))",
        },
      ],
    },
    profileDependency: 2,
    profileDataRequired: {},
    severity: 8,
    supportPolicy: false,
    isTriggerAlert: true,
    mitreTactic: "TA0005",
    mitreTechnique: "T1620",
    tags: ["fileless", "execution", "malicious"],
  },
  {
    enabled: true,
    id: "R1006",
    name: "Process tries to escape container",
    description: "A container made namespaces of its own, the first step out, and its profile does not list that.",
    expressions: {
      message: "event.comm + ' made namespaces in container ' + event.containerName",
      uniqueId: "event.comm + '|unshare'",
      ruleExpression: [
        {
          eventType: "unshare",
          expression:
            // What the container runtime does is told by the sources, which know where a process comes from; names are the container's to choose.
            "(event.syscallName == 'unshare' || event.syscallName.endsWith('create_user_ns')) && " +
            // A profile has the call under the name of the hook that saw it.
            "!cp.was_syscall_used(event.containerId, 'unshare') && !cp.was_syscall_used(event.containerId, event.syscallName)",
        },
      ],
    },
    profileDependency: 1,
    profileDataRequired: { syscalls: [{ exact: "unshare" }, { suffix: "create_user_ns" }] },
    severity: 5,
    supportPolicy: false,
    isTriggerAlert: true,
    mitreTactic: "TA0004",
    mitreTechnique: "T1611",
    tags: ["unshare", "escape", "anomaly", "applicationprofile"],
  },
  {
    enabled: false,
    id: "R1007",
    name: "Crypto miner launched",
    description: "The processor computes RandomX. No source here sees that.",
    expressions: {
      message: "event.comm + ' in container ' + event.containerName + ' computes RandomX'",
      uniqueId: "event.comm + '|' + event.exepath",
      ruleExpression: [{ eventType: "randomx", expression: "true" }],
    },
    profileDependency: 2,
    profileDataRequired: {},
    severity: 10,
    supportPolicy: false,
    isTriggerAlert: true,
    mitreTactic: "TA0040",
    mitreTechnique: "T1496",
    tags: ["crypto", "miners", "malicious"],
  },
];
