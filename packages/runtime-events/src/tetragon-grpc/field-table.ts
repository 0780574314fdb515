/**
 * Every message, field and enum of Tetragon's gRPC interface that this repository speaks: THE table. The product reads by it, the
 * emulator's schema (`tools/tetragon-emulator/gen/tetragon.proto`) is generated from it.
 *
 * Facts are those of release v1.7.0 of cilium/tetragon, tag `api/v1.7.0`, folder `api/v1/tetragon`; `file` names the file.
 * An entry is `number name type`, entries of one line are divided by `;`. `T[]` is repeated, `map` is map<string, string>, `|` marks a member of the
 * message's oneof, `@1.3` the release that brought it when that was after 1.0. A leading `-` marks what the product passes over undecoded: what nobody
 * consumes (capabilities, ancestors, stack traces, labels) and what must not be kept (environment, annotations: they hold secrets).
 *
 * @internal
 */
export const fieldTable = `
file events.proto
message GetEventsResponse
1 process_exec ProcessExec |
5 process_exit ProcessExit |
9 process_kprobe ProcessKprobe |
10 process_tracepoint ProcessTracepoint |
11 process_loader ProcessLoader |
12 process_uprobe ProcessUprobe |
27 process_throttle ProcessThrottle | @1.2
28 process_lsm ProcessLsm | @1.2
29 process_usdt ProcessUsdt | @1.6
40000 test Test |
40001 rate_limit_info RateLimitInfo |
1000 node_name string
1001 time Timestamp
-1002 aggregation_info AggregationInfo
-1003 cluster_name string @1.3
-1004 node_labels map @1.5
message AggregationInfo
1 count uint64
message RateLimitInfo
1 number_of_dropped_process_events uint64
message ProcessThrottle
1 type ThrottleType
2 cgroup string
enum ThrottleType
0 THROTTLE_UNKNOWN; 1 THROTTLE_START; 2 THROTTLE_STOP
enum EventType
0 UNDEF; 1 PROCESS_EXEC; 5 PROCESS_EXIT; 9 PROCESS_KPROBE; 10 PROCESS_TRACEPOINT; 11 PROCESS_LOADER; 12 PROCESS_UPROBE; 27 PROCESS_THROTTLE;
28 PROCESS_LSM; 29 PROCESS_USDT; 40000 TEST; 40001 RATE_LIMIT_INFO
message GetEventsRequest
1 allow_list Filter[]
2 deny_list Filter[]
3 aggregation_options AggregationOptions
4 field_filters FieldFilter[]
message Filter
1 binary_regex string[]
2 namespace string[]
3 health_check BoolValue
4 pid uint32[]
5 pid_set uint32[]
6 event_set EventType[]
7 pod_regex string[]
8 arguments_regex string[]
9 labels string[]
10 policy_names string[]
11 capabilities CapFilter
12 parent_binary_regex string[]
13 cel_expression string[] @1.3
14 parent_arguments_regex string[]
15 container_id string[] @1.3
16 in_init_tree BoolValue @1.3
17 ancestor_binary_regex string[] @1.4
18 container_name_regex string[] @1.6
19 namespace_regex string[] @1.7
message CapFilter
1 permitted CapFilterSet; 2 effective CapFilterSet; 3 inheritable CapFilterSet
message CapFilterSet
1 any CapabilitiesType[]; 2 all CapabilitiesType[]; 3 exactly CapabilitiesType[]; 4 none CapabilitiesType[]
message FieldFilter
1 event_set EventType[]; 2 fields FieldMask; 3 action FieldFilterAction; 4 invert_event_set BoolValue
enum FieldFilterAction
0 INCLUDE; 1 EXCLUDE
message AggregationOptions
1 window_size Duration; 2 channel_buffer_size uint64
file tetragon.proto
message ProcessExec
1 process Process
2 parent Process
-3 ancestors Process[]
message ProcessExit
1 process Process
2 parent Process
3 signal string
4 status uint32
-5 time Timestamp
-6 ancestors Process[]
message ProcessKprobe
1 process Process
2 parent Process
3 function_name string
4 args KprobeArgument[]
5 return KprobeArgument
6 action KprobeAction
-7 kernel_stack_trace StackTraceEntry[]
8 policy_name string
9 return_action KprobeAction
10 message string
11 tags string[]
-12 user_stack_trace StackTraceEntry[]
-13 ancestors Process[]
14 data KprobeArgument[]
message ProcessTracepoint
1 process Process
2 parent Process
4 subsys string
5 event string
6 args KprobeArgument[]
7 policy_name string
8 action KprobeAction
9 message string
10 tags string[]
-11 ancestors Process[]
message ProcessUprobe
1 process Process
2 parent Process
3 path string
4 symbol string
5 policy_name string
6 message string
7 args KprobeArgument[]
8 tags string[]
-9 ancestors Process[]
10 offset uint64
11 ref_ctr_offset uint64
12 action KprobeAction
13 data KprobeArgument[]
message ProcessUsdt
1 process Process
2 parent Process
3 path string
4 provider string
5 name string
6 policy_name string
7 message string
8 args KprobeArgument[]
9 tags string[]
-10 ancestors Process[]
11 action KprobeAction
12 flags string
message ProcessLsm
1 process Process
2 parent Process
3 function_name string
5 policy_name string
6 message string
7 args KprobeArgument[]
8 action KprobeAction
9 tags string[]
-10 ancestors Process[]
11 ima_hash string @1.3
message ProcessLoader
1 process Process
2 path string
3 buildid bytes
4 parent Process
-5 ancestors Process[]
message Test
1 arg0 uint64; 2 arg1 uint64; 3 arg2 uint64; 4 arg3 uint64
message Process
1 exec_id string
2 pid UInt32Value
3 uid UInt32Value
4 cwd string
5 binary string
6 arguments string
7 flags string
-8 start_time Timestamp
-9 auid UInt32Value
10 pod Pod
11 docker string
12 parent_exec_id string
-13 refcnt uint32
-14 cap Capabilities
15 ns Namespaces
-16 tid UInt32Value
-17 process_credentials ProcessCredentials
18 binary_properties BinaryProperties
-19 user UserRecord @1.2
20 in_init_tree BoolValue @1.3
-21 environment_variables EnvVar[] @1.7
message Pod
1 namespace string
2 name string
3 uid string
4 container Container
-5 pod_labels map
-6 workload string
-7 workload_kind string
-8 pod_annotations map @1.5
message Container
1 id string
2 name string
-3 image Image
-4 start_time Timestamp
-5 pid UInt32Value
13 maybe_exec_probe bool
-14 security_context SecurityContext @1.5
message Image
1 id string; 2 name string
message SecurityContext
1 privileged bool
message Capabilities
1 permitted CapabilitiesType[]; 2 effective CapabilitiesType[]; 3 inheritable CapabilitiesType[]
message Namespaces
-1 uts Namespace; -2 ipc Namespace; 3 mnt Namespace; -4 pid Namespace; -5 pid_for_children Namespace; -6 net Namespace; -7 time Namespace;
-8 time_for_children Namespace; -9 cgroup Namespace; -10 user Namespace
message Namespace
1 inum uint32; 2 is_host bool
message UserNamespace
1 level Int32Value; 2 uid UInt32Value; 3 gid UInt32Value; 4 ns Namespace
message ProcessCredentials
1 uid UInt32Value; 2 gid UInt32Value; 3 euid UInt32Value; 4 egid UInt32Value; 5 suid UInt32Value; 6 sgid UInt32Value; 7 fsuid UInt32Value;
8 fsgid UInt32Value; 9 securebits SecureBitsType[]; 10 caps Capabilities; 11 user_ns UserNamespace
message BinaryProperties
1 setuid UInt32Value; 2 setgid UInt32Value; 3 privileges_changed ProcessPrivilegesChanged[]; 4 file FileProperties
message FileProperties
1 inode InodeProperties; 2 path string
message InodeProperties
1 number uint64; 2 links UInt32Value
message UserRecord
1 name string
message EnvVar
1 Key string; 2 Value string
message StackTraceEntry
1 address uint64; 2 offset uint64; 3 symbol string; 4 module string
message KprobeArgument
1 string_arg string |
2 int_arg int32 |
3 skb_arg KprobeSkb |
4 size_arg uint64 |
5 bytes_arg bytes |
6 path_arg KprobePath |
7 file_arg KprobeFile |
8 truncated_bytes_arg KprobeTruncatedBytes |
9 sock_arg KprobeSock |
10 cred_arg KprobeCred |
11 long_arg int64 |
12 bpf_attr_arg KprobeBpfAttr |
13 perf_event_arg KprobePerfEvent |
14 bpf_map_arg KprobeBpfMap |
15 uint_arg uint32 |
16 user_namespace_arg KprobeUserNamespace |
17 capability_arg KprobeCapability |
18 label string
19 process_credentials_arg ProcessCredentials |
20 user_ns_arg UserNamespace |
21 module_arg KernelModule |
22 kernel_cap_t_arg string |
23 cap_inheritable_arg string |
24 cap_permitted_arg string |
25 cap_effective_arg string |
26 linux_binprm_arg KprobeLinuxBinprm |
27 net_dev_arg KprobeNetDev |
28 bpf_cmd_arg BpfCmd |
29 syscall_id SyscallId |
30 sockaddr_arg KprobeSockaddr | @1.4
31 bpf_prog_arg KprobeBpfProg |
32 error_arg KprobeError |
33 sockaddrun_arg KprobeSockaddrUn |
message KprobeSock
1 family string; 2 type string; 3 protocol string; 4 mark uint32; 5 priority uint32; 6 saddr string; 7 daddr string; 8 sport uint32; 9 dport uint32;
10 cookie uint64; 11 state string
message KprobeSkb
1 hash uint32; 2 len uint32; 3 priority uint32; 4 mark uint32; 5 saddr string; 6 daddr string; 7 sport uint32; 8 dport uint32; 9 proto uint32;
10 sec_path_len uint32; 11 sec_path_olen uint32; 12 protocol string; 13 family string
message KprobeSockaddr
1 family string; 2 addr string; 3 port uint32
message KprobeSockaddrUn
1 family string; 2 path string
message KprobeNetDev
1 name string
message KprobePath
1 mount string; 2 path string; 3 flags string; 4 permission string
message KprobeFile
1 mount string; 2 path string; 3 flags string; 4 permission string
message KprobeTruncatedBytes
1 bytes_arg bytes; 2 orig_size uint64
message KprobeCred
1 permitted CapabilitiesType[]; 2 effective CapabilitiesType[]; 3 inheritable CapabilitiesType[]
message KprobeLinuxBinprm
1 path string; 2 flags string; 3 permission string
message KprobeCapability
1 value Int32Value; 2 name string
message KprobeUserNamespace
1 level Int32Value; 2 owner UInt32Value; 3 group UInt32Value; 4 ns Namespace
message KprobeBpfAttr
1 ProgType string; 2 InsnCnt uint32; 3 ProgName string
message KprobeBpfProg
1 ProgType string; 2 InsnCnt uint32; 3 ProgName string
message KprobePerfEvent
1 KprobeFunc string; 2 Type string; 3 Config uint64; 4 ProbeOffset uint64
message KprobeBpfMap
1 MapType string; 2 KeySize uint32; 3 ValueSize uint32; 4 MaxEntries uint32; 5 MapName string
message KprobeError
1 Message string
message SyscallId
1 id uint32; 2 abi string
message KernelModule
1 name string; 2 signature_ok BoolValue; 3 tainted TaintedBitsType[]
enum KprobeAction
0 KPROBE_ACTION_UNKNOWN; 1 KPROBE_ACTION_POST; 2 KPROBE_ACTION_FOLLOWFD; 3 KPROBE_ACTION_SIGKILL; 4 KPROBE_ACTION_UNFOLLOWFD; 5 KPROBE_ACTION_OVERRIDE;
6 KPROBE_ACTION_COPYFD; 7 KPROBE_ACTION_GETURL; 8 KPROBE_ACTION_DNSLOOKUP; 9 KPROBE_ACTION_NOPOST; 10 KPROBE_ACTION_SIGNAL; 11 KPROBE_ACTION_TRACKSOCK;
12 KPROBE_ACTION_UNTRACKSOCK; 13 KPROBE_ACTION_NOTIFYENFORCER; 14 KPROBE_ACTION_CLEANUPENFORCERNOTIFICATION; 15 KPROBE_ACTION_SET
enum TaintedBitsType
0 TAINT_UNSET; 1 TAINT_PROPRIETARY_MODULE; 2 TAINT_FORCED_MODULE; 4 TAINT_FORCED_UNLOAD_MODULE; 1024 TAINT_STAGED_MODULE;
4096 TAINT_OUT_OF_TREE_MODULE; 8192 TAINT_UNSIGNED_MODULE; 32768 TAINT_KERNEL_LIVE_PATCH_MODULE; 262144 TAINT_TEST_MODULE
enum HealthStatusType
0 HEALTH_STATUS_TYPE_UNDEF; 1 HEALTH_STATUS_TYPE_STATUS
enum HealthStatusResult
0 HEALTH_STATUS_UNDEF; 1 HEALTH_STATUS_RUNNING; 2 HEALTH_STATUS_STOPPED; 3 HEALTH_STATUS_ERROR
message GetHealthStatusRequest
1 event_set HealthStatusType[]
message GetHealthStatusResponse
1 health_status HealthStatus[]
message HealthStatus
1 event HealthStatusType; 2 status HealthStatusResult; 3 details string
file capabilities.proto
enum CapabilitiesType
0 CAP_CHOWN; 1 DAC_OVERRIDE; 2 CAP_DAC_READ_SEARCH; 3 CAP_FOWNER; 4 CAP_FSETID; 5 CAP_KILL; 6 CAP_SETGID; 7 CAP_SETUID; 8 CAP_SETPCAP;
9 CAP_LINUX_IMMUTABLE; 10 CAP_NET_BIND_SERVICE; 11 CAP_NET_BROADCAST; 12 CAP_NET_ADMIN; 13 CAP_NET_RAW; 14 CAP_IPC_LOCK; 15 CAP_IPC_OWNER;
16 CAP_SYS_MODULE; 17 CAP_SYS_RAWIO; 18 CAP_SYS_CHROOT; 19 CAP_SYS_PTRACE; 20 CAP_SYS_PACCT; 21 CAP_SYS_ADMIN; 22 CAP_SYS_BOOT; 23 CAP_SYS_NICE;
24 CAP_SYS_RESOURCE; 25 CAP_SYS_TIME; 26 CAP_SYS_TTY_CONFIG; 27 CAP_MKNOD; 28 CAP_LEASE; 29 CAP_AUDIT_WRITE; 30 CAP_AUDIT_CONTROL; 31 CAP_SETFCAP;
32 CAP_MAC_OVERRIDE; 33 CAP_MAC_ADMIN; 34 CAP_SYSLOG; 35 CAP_WAKE_ALARM; 36 CAP_BLOCK_SUSPEND; 37 CAP_AUDIT_READ; 38 CAP_PERFMON; 39 CAP_BPF;
40 CAP_CHECKPOINT_RESTORE
enum SecureBitsType
0 SecBitNotSet; 1 SecBitNoRoot; 2 SecBitNoRootLocked; 4 SecBitNoSetUidFixup; 8 SecBitNoSetUidFixupLocked; 16 SecBitKeepCaps; 32 SecBitKeepCapsLocked;
64 SecBitNoCapAmbientRaise; 128 SecBitNoCapAmbientRaiseLocked
enum ProcessPrivilegesChanged
0 PRIVILEGES_CHANGED_UNSET; 1 PRIVILEGES_RAISED_EXEC_FILE_CAP; 2 PRIVILEGES_RAISED_EXEC_FILE_SETUID; 3 PRIVILEGES_RAISED_EXEC_FILE_SETGID
file bpf.proto
enum BpfCmd
0 BPF_MAP_CREATE; 1 BPF_MAP_LOOKUP_ELEM; 2 BPF_MAP_UPDATE_ELEM; 3 BPF_MAP_DELETE_ELEM; 4 BPF_MAP_GET_NEXT_KEY; 5 BPF_PROG_LOAD; 6 BPF_OBJ_PIN;
7 BPF_OBJ_GET; 8 BPF_PROG_ATTACH; 9 BPF_PROG_DETACH; 10 BPF_PROG_TEST_RUN; 11 BPF_PROG_GET_NEXT_ID; 12 BPF_MAP_GET_NEXT_ID; 13 BPF_PROG_GET_FD_BY_ID;
14 BPF_MAP_GET_FD_BY_ID; 15 BPF_OBJ_GET_INFO_BY_FD; 16 BPF_PROG_QUERY; 17 BPF_RAW_TRACEPOINT_OPEN; 18 BPF_BTF_LOAD; 19 BPF_BTF_GET_FD_BY_ID;
20 BPF_TASK_FD_QUERY; 21 BPF_MAP_LOOKUP_AND_DELETE_ELEM; 22 BPF_MAP_FREEZE; 23 BPF_BTF_GET_NEXT_ID; 24 BPF_MAP_LOOKUP_BATCH;
25 BPF_MAP_LOOKUP_AND_DELETE_BATCH; 26 BPF_MAP_UPDATE_BATCH; 27 BPF_MAP_DELETE_BATCH; 28 BPF_LINK_CREATE; 29 BPF_LINK_UPDATE; 30 BPF_LINK_GET_FD_BY_ID;
31 BPF_LINK_GET_NEXT_ID; 32 BPF_ENABLE_STATS; 33 BPF_ITER_CREATE; 34 BPF_LINK_DETACH; 35 BPF_PROG_BIND_MAP; 36 BPF_TOKEN_CREATE
file sensors.proto
message GetVersionRequest
message GetVersionResponse
1 version string
message ListTracingPoliciesRequest
message ListTracingPoliciesResponse
1 policies TracingPolicyStatus[]
message TracingPolicyStatus
-1 id uint64; 2 name string; 3 namespace string; -4 info string; -5 sensors string[]; 6 enabled bool; -7 filter_id uint64; 8 error string;
9 state TracingPolicyState; -10 kernel_memory_bytes uint64; 11 mode TracingPolicyMode
enum TracingPolicyState
0 TP_STATE_UNKNOWN; 1 TP_STATE_ENABLED; 2 TP_STATE_DISABLED; 3 TP_STATE_LOAD_ERROR; 4 TP_STATE_ERROR; 5 TP_STATE_LOADING; 6 TP_STATE_UNLOADING
enum TracingPolicyMode
0 TP_MODE_UNKNOWN; 1 TP_MODE_ENFORCE; 2 TP_MODE_MONITOR; 3 TP_MODE_MONITOR_ONLY
`;
