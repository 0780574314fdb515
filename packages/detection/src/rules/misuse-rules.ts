import type { RuleDefinition } from "@kinglet/policy-engine";

/** What a container is used for once somebody else uses it. @internal */
export const misuseRules: readonly RuleDefinition[] = [
  {
    enabled: true,
    id: "R1008",
    name: "Crypto Mining Domain Communication",
    description: "A container asked for the name of a pool of crypto miners.",
    expressions: {
      message:
        "event.comm + ' in container ' + event.containerName + ' asked for ' + event.name + ', a pool of crypto miners'",
      uniqueId: "event.comm + '|' + event.name",
      ruleExpression: [
        {
          eventType: "dns",
          expression:
            "event.name in ['2miners.com.', '3daga.com.', 'antpool.com.', 'binancepool.com.', 'btc.com.', " +
            "'c3pool.com.', 'coinhive.com.', 'crypto-loot.com.', 'cryptonight.net.', 'dwarfpool.com.', 'ethermine.org.', 'ethpool.org.', " +
            "'f2pool.com.', 'flexpool.io.', 'flypool.org.', 'gulf.moneroocean.stream.', 'hashvault.pro.', 'herominers.com.', 'hiveon.net.', " +
            "'kryptex.network.', 'minergate.com.', 'mineros.info.', 'minexmr.com.', 'miningpoolhub.com.', 'moneroocean.stream.', " +
            "'monerohash.com.', 'monerop.com.', 'monerpool.org.', 'nanopool.org.', 'nicehash.com.', 'p2pool.io.', 'poolin.com.', " +
            "'poolto.be.', 'ppxxmr.com.', 'prohash.net.', 'prohashing.com.', 'skypool.org.', 'slushpool.com.', 'sparkpool.com.', " +
            "'supportxmr.com.', 'unmineable.com.', 'viabtc.com.', 'viaxmr.com.', 'woolypooly.com.', 'xmrpool.eu.', 'xmrpool.net.', " +
            "'zergpool.com.'] || " +
            "['.2miners.com.', '.3daga.com.', '.antpool.com.', '.binancepool.com.', '.c3pool.com.', '.coinhive.com.', " +
            "'.crypto-loot.com.', '.cryptonight.net.', '.dwarfpool.com.', '.ethermine.org.', '.ethpool.org.', '.f2pool.com.', '.flexpool.io.', " +
            "'.flypool.org.', '.hashvault.pro.', '.herominers.com.', '.hiveon.net.', '.kryptex.network.', '.minergate.com.', '.mineros.info.', " +
            "'.minexmr.com.', '.miningpoolhub.com.', '.moneroocean.stream.', '.monerohash.com.', '.monerop.com.', '.monerpool.org.', " +
            "'.nanopool.org.', '.nicehash.com.', '.p2pool.io.', '.poolin.com.', '.poolto.be.', '.ppxxmr.com.', '.prohash.net.', " +
            "'.prohashing.com.', '.skypool.org.', '.slushpool.com.', '.sparkpool.com.', '.supportxmr.com.', '.unmineable.com.', " +
            "'.viabtc.com.', '.viaxmr.com.', '.woolypooly.com.', '.xmrpool.eu.', '.xmrpool.net.', '.zergpool.com.']" +
            ".exists(pool, event.name.endsWith(pool))",
        },
      ],
    },
    profileDependency: 2,
    profileDataRequired: {},
    severity: 10,
    supportPolicy: false,
    isTriggerAlert: true,
    mitreTactic: "TA0040",
    mitreTechnique: "T1496",
    tags: ["network", "crypto", "miners", "malicious", "dns"],
  },
  {
    enabled: true,
    id: "R1009",
    name: "Crypto Mining Related Port Communication",
    description:
      "A container called a port that pools of crypto miners use, at an address that its profile does not list.",
    expressions: {
      message:
        "event.comm + ' in container ' + event.containerName + ' called ' + event.dstAddr + ', port ' + string(event.dstPort)",
      uniqueId: "event.comm + '|' + event.dstAddr + '|' + string(event.dstPort)",
      ruleExpression: [
        {
          eventType: "network",
          expression:
            "event.pktType == 'OUTGOING' && event.proto == 'TCP' && (event.dstPort == 3333 || event.dstPort == 45700) && " +
            "!cp.was_address_in_egress(event.containerId, event.dstAddr)",
        },
      ],
    },
    profileDependency: 1,
    profileDataRequired: { egressAddresses: "all" },
    severity: 3,
    supportPolicy: false,
    isTriggerAlert: false,
    mitreTactic: "TA0011",
    mitreTechnique: "T1571",
    tags: ["network", "crypto", "miners", "malicious", "networkprofile"],
    state: { direction: "outbound", ports: [3333, 45_700] },
  },
  {
    enabled: true,
    id: "R1010",
    name: "Soft link created over sensitive file",
    description:
      "A container made a symbolic link to password hashes or to the rules of sudo, and its profile does not list the file.",
    expressions: {
      message:
        "event.comm + ' linked ' + event.newPath + ' to ' + event.oldPath + ' in container ' + event.containerName",
      uniqueId: "event.comm + '|' + event.oldPath",
      ruleExpression: [
        {
          eventType: "symlink",
          expression:
            "(event.oldPath.startsWith('/etc/shadow') || event.oldPath.startsWith('/etc/sudoers')) && " +
            "!cp.was_path_opened(event.containerId, event.oldPath)",
        },
      ],
    },
    profileDependency: 1,
    profileDataRequired: { opens: [{ prefix: "/etc/shadow" }, { prefix: "/etc/sudoers" }] },
    severity: 5,
    supportPolicy: true,
    isTriggerAlert: true,
    mitreTactic: "TA0006",
    mitreTechnique: "T1003.008",
    tags: ["anomaly", "symlink", "applicationprofile"],
  },
  {
    enabled: false,
    id: "R1011",
    name: "ld_preload hooks technique detected",
    description:
      "A program ran with foreign code brought in by the dynamic loader, or the loader's list of such code was written.",
    expressions: {
      message: "event.comm + ' in container ' + event.containerName + ' has the dynamic loader bring in foreign code'",
      uniqueId: "eventType + '|' + event.comm + '|' + event.exepath",
      ruleExpression: [
        {
          eventType: "exec",
          expression:
            "event.comm != 'java' && !event.exepath.contains('matlab') && process.get_ld_hook_var(event.pid) != ''",
        },
        {
          eventType: "open",
          expression:
            "event.path == '/etc/ld.so.preload' && event.flags.exists(flag, flag == 'O_WRONLY' || flag == 'O_RDWR')",
        },
      ],
    },
    profileDependency: 1,
    profileDataRequired: {},
    severity: 5,
    supportPolicy: true,
    isTriggerAlert: true,
    mitreTactic: "TA0005",
    mitreTechnique: "T1574.006",
    tags: ["exec", "malicious", "applicationprofile"],
  },
  {
    enabled: true,
    id: "R1012",
    name: "Hard link created over sensitive file",
    description:
      "A container made a hard link to password hashes or to the rules of sudo, and its profile does not list the file.",
    expressions: {
      message:
        "event.comm + ' linked ' + event.newPath + ' to ' + event.oldPath + ' in container ' + event.containerName",
      uniqueId: "event.comm + '|' + event.oldPath",
      ruleExpression: [
        {
          eventType: "hardlink",
          expression:
            "(event.oldPath.startsWith('/etc/shadow') || event.oldPath.startsWith('/etc/sudoers')) && " +
            "!cp.was_path_opened(event.containerId, event.oldPath)",
        },
      ],
    },
    profileDependency: 1,
    profileDataRequired: { opens: [{ prefix: "/etc/shadow" }, { prefix: "/etc/sudoers" }] },
    severity: 5,
    supportPolicy: true,
    isTriggerAlert: true,
    mitreTactic: "TA0006",
    mitreTechnique: "T1003.008",
    tags: ["files", "malicious", "hardlink", "applicationprofile"],
  },
  {
    enabled: true,
    id: "R1015",
    name: "Malicious Ptrace Usage",
    description: "A process changed the memory or the registers of another one.",
    expressions: {
      message:
        "event.comm + ' changed the memory or the registers of another process in container ' + event.containerName",
      uniqueId: "event.comm + '|' + event.exepath",
      ruleExpression: [
        {
          eventType: "ptrace",
          // POKETEXT, POKEDATA, POKEUSR, SETREGS, SETREGSET: what writes. Debuggers and tracers attach, which is not yet misuse.
          expression:
            "event.cmd == 4u || event.cmd == 5u || event.cmd == 6u || event.cmd == 13u || event.cmd == 16901u",
        },
      ],
    },
    profileDependency: 2,
    profileDataRequired: {},
    severity: 5,
    supportPolicy: false,
    isTriggerAlert: true,
    mitreTactic: "TA0005",
    mitreTechnique: "T1055.008",
    tags: ["process", "malicious"],
  },
  {
    enabled: true,
    id: "R1030",
    name: "Unexpected io_uring Operation Detected",
    description:
      "A container uses io_uring, which goes past the system calls that others watch, and its profile does not allow it.",
    expressions: {
      message: "event.comm + ' in container ' + event.containerName + ' uses io_uring'",
      uniqueId: "event.comm + '|' + event.syscallName + (has(event.opcode) ? '|' + string(event.opcode) : '')",
      ruleExpression: [{ eventType: "iouring", expression: "true" }],
    },
    profileDependency: 0,
    profileDataRequired: {},
    severity: 5,
    supportPolicy: true,
    isTriggerAlert: true,
    mitreTactic: "TA0002",
    mitreTechnique: "T1106",
    tags: ["syscalls", "io_uring", "applicationprofile"],
  },
];
