/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runsc, releases of 2021 to 2026 (google/subcommands over Go's flag package). Its global
 * flags are the configuration of the sandbox: what loosens the sandbox, follows a document
 * or program that nothing checked, or is meant for tests and for runsc's own children is
 * refused. --gvisor-gro is missing on purpose: once it took a value, now it is a boolean.
 * Of the commands those are listed that engines call and that only print; not do, boot,
 * gofer, umount, sandboxexec, bwrap (they start workloads or are internal), fscheckpoint,
 * read, tar, port-forward, debug, trace, read-control, write-control, usage, statefile,
 * symbolize, export-metrics, metric-server, metric-metadata, install, uninstall, mitigate,
 * nvproxy, cpu-features, platforms, syscalls, verity-prepare.
 */
#include "oci/grammar_flags.h"

#define HELP	SWITCH("help", "h")
#define NO_HELP NO_SWITCH("help", "h", HELP_ALONE)

#define TESTS	     "it is for gVisor's own tests"
#define INTERNAL     "it is between runsc and its own children"
#define PROFILING    "profiling loosens the filter around the sandbox"
#define HOST_FILES   "it opens the host's sockets, pipes or devices to the container"
#define HOST_NETWORK "it brings the container to the host's network"
#define DRIVERS	     "it opens drivers of the host's kernel to the container"
#define UNCHECKED    "runsc would follow a document that nothing checked"
#define LIMITS	     "the container would go without its cgroup limits"

static const struct grammar_flag global[] = {
	VALUE("root", NULL),
	VALUE("shared-root", NULL),
	VALUE("log", NULL),
	VALUE("log-format", NULL),
	SWITCH("debug", NULL),
	SWITCH("systemd-cgroup", NULL),
	NO_SWITCH("help", "h", HELP_GLOBAL),
	NO_SWITCH("version", NULL, HELP_GLOBAL),

	/* what is logged, and where */
	VALUE("debug-log", NULL),
	VALUE("debug-log-format", NULL),
	VALUE("debug-command", NULL),
	SWITCH("debug-to-user-log", NULL),
	VALUE("panic-log", NULL),
	SWITCH("log-packets", NULL),
	VALUE("pcap-log", NULL),
	SWITCH("alsologtostderr", NULL),
	VALUE("traceback", NULL),
	SWITCH("strace", NULL),
	VALUE("strace-syscalls", NULL),
	VALUE("strace-log-size", NULL),
	SWITCH("strace-event", NULL),
	VALUE("metric-server", NULL),
	VALUE("metric-exporter-prefix", NULL),
	SWITCH("metric-server-allow-unknown-root", NULL),
	VALUE("final-metrics-log", NULL),
	VALUE("watchdog-action", NULL),
	VALUE("panic-signal", NULL),
	VALUE("ref-leak-mode", NULL),
	ONLY("log-fd", "-1", INTERNAL),
	ONLY("debug-log-fd", "-1", INTERNAL),
	ONLY("panic-log-fd", "-1", INTERNAL),
	ONLY("coverage-fd", "-1", INTERNAL),
	ONLY("profiling-metrics-fd", "-1", INTERNAL),
	NO_VALUE("coverage-report", NULL, TESTS),
	ONLY_FALSE("profile", PROFILING),
	NO_VALUE("profile-block", NULL, PROFILING),
	NO_VALUE("profile-cpu", NULL, PROFILING),
	NO_VALUE("profile-gc-interval", NULL, PROFILING),
	NO_VALUE("profile-heap", NULL, PROFILING),
	NO_VALUE("profile-mutex", NULL, PROFILING),
	NO_VALUE("trace", NULL, PROFILING),
	NO_VALUE("profiling-metrics", NULL, PROFILING),
	NO_VALUE("profiling-metrics-log", NULL, PROFILING),
	NO_VALUE("profiling-metrics-rate-us", NULL, PROFILING),

	/* the sandbox itself */
	VALUE("platform", NULL),
	VALUE("platform_device_path", NULL),
	SWITCH("systrap-disable-syscall-patching", NULL),
	SWITCH("systrap-disable-fast-path", NULL),
	SWITCH("kvm-use-cpu-nums", NULL),
	SWITCH("cpu-num-from-quota", NULL),
	SWITCH("enable-core-tags", NULL),
	SWITCH("app-huge-pages", NULL),
	SWITCH("oci-seccomp", NULL),
	SWITCH("allow-suid", NULL), /* no effect under no_new_privs, the rule elsewhere */
	SWITCH("mount-cgroup-v2", NULL),
	SWITCH("cgroupfs", NULL),
	VALUE("sidecar-release-enforcement-policy", NULL),
	VALUE("control-rpc-stop-timeout", NULL),
	VALUE("fdlimit", NULL),
	VALUE("dcache", NULL),
	ONLY_FALSE("allow-flag-override", "annotations could change any of these flags"),
	ONLY_FALSE("allow-rootfs-tar-annotation", UNCHECKED),
	NO_VALUE("pod-init-config", NULL, UNCHECKED),
	ONLY_FALSE("rootless", "the sandbox would run with the rights of its caller"),
	ONLY_FALSE("ignore-cgroups", LIMITS),
	ONLY("host-settings", "check|ignore", "runsc would change settings of the host"),
	ONLY("restore-spec-validation", "enforce", UNCHECKED),
	ONLY_FALSE("unsafe-skip-restore-spec-validation", UNCHECKED),
	NO_VALUE("controls", NULL, "it opens more of the sandbox's control socket"),
	ONLY_FALSE("iouring", TESTS),

	/* files */
	VALUE("file-access", NULL),
	VALUE("file-access-mounts", NULL),
	SWITCH("overlay", NULL),
	VALUE("overlay2", NULL),
	SWITCH("overlayfs-stale-read", NULL),
	SWITCH("verity", NULL),
	SWITCH("directfs", NULL), /* true is the default */
	SWITCH("gvisor-marker-file", NULL),
	VALUE("override-procs", NULL),
	SWITCH("vfs2", NULL),
	SWITCH("lisafs", NULL),
	ONLY_FALSE("fuse", "before 2023 it opened FUSE to the container, now it does nothing"),
	ONLY_FALSE("fsgofer-host-uds", HOST_FILES),
	ONLY("host-uds", "none", HOST_FILES),
	ONLY("host-fifo", "none", HOST_FILES),
	ONLY("character-device-policy", "emulated-only", HOST_FILES),

	/* network */
	ONLY("network", "sandbox|none", HOST_NETWORK),
	ONLY("gofer-network-namespace", "null|new", HOST_NETWORK),
	SWITCH("net-raw", NULL), /* only takes CAP_NET_RAW away when false */
	ONLY_FALSE("allow-packet-socket-write", HOST_NETWORK),
	SWITCH("allow-live-tcp-migration", NULL),
	SWITCH("gso", NULL),
	SWITCH("software-gso", NULL),
	SWITCH("tx-checksum-offload", NULL),
	SWITCH("rx-checksum-offload", NULL),
	SWITCH("buffer-pooling", NULL),
	VALUE("qdisc", NULL),
	VALUE("qdisc-tbf-rate", NULL),
	VALUE("qdisc-tbf-burst", NULL),
	VALUE("num-network-channels", NULL),
	VALUE("network-processors-per-channel", NULL),
	SWITCH("reproduce-nat", NULL),
	SWITCH("reproduce-nftables", NULL),
	SWITCH("net-disconnect-ok", NULL),
	SWITCH("pause-external-networking", NULL),
	SWITCH("allow-connected-on-save", NULL),
	SWITCH("save-restore-netstack", NULL),
	ONLY("EXPERIMENTAL-xdp", "off", HOST_NETWORK),
	ONLY_FALSE("EXPERIMENTAL-xdp-need-wakeup", HOST_NETWORK),
	NO_VALUE("EXPERIMENTAL-xdp-redirect-host", NULL, HOST_NETWORK),
	ONLY_FALSE("EXPERIMENTAL-afxdp", HOST_NETWORK),
	ONLY_FALSE("EXPERIMENTAL-reproduce-nat", HOST_NETWORK),

	/* devices */
	ONLY_FALSE("nvproxy", DRIVERS),
	ONLY_FALSE("nvproxy-docker", "it adds a hook that nothing checked"),
	NO_VALUE("nvproxy-driver-version", NULL, DRIVERS),
	ONLY_FALSE("nvproxy-allow-unsupported-driver", DRIVERS),
	ONLY("nvproxy-allowed-driver-capabilities", "utility,compute", DRIVERS),
	ONLY_FALSE("rdmaproxy", DRIVERS),
	ONLY_FALSE("tpuproxy", DRIVERS),

	ONLY_FALSE("TESTONLY-unsafe-nonroot", TESTS),
	NO_VALUE("TESTONLY-test-name-env", NULL, TESTS),
	ONLY_FALSE("TESTONLY-afs-syscall-panic", TESTS),
	NO_VALUE("TESTONLY-autosave-image-path", NULL, TESTS),
	ONLY_FALSE("TESTONLY-autosave-resume", TESTS),
	ONLY_FALSE("TESTONLY-nftables", TESTS),
	ONLY_FALSE("TESTONLY-allow-packet-endpoint-write", TESTS),
	ONLY_FALSE("TESTONLY-save-restore-netstack", TESTS),
	END,
};

#define CREATE_FLAGS                                                                         \
	VALUE("bundle", NULL), VALUE("console-socket", NULL), VALUE("pid-file", NULL),       \
		VALUE("user-log", NULL), NO_VALUE("fs-restore-image-path", NULL, UNCHECKED), \
		SWITCH("fs-restore-direct", NULL)

#define HOST_DESCRIPTOR "it hands a descriptor of the host to the container"

static const struct grammar_flag create[] = {CREATE_FLAGS, NO_HELP, END};

static const struct grammar_flag run[] = {
	CREATE_FLAGS,
	SWITCH("detach", NULL),
	{"pass-fd", NULL, FLAG_LIST, HOST_DESCRIPTOR, NULL},
	ONLY("exec-fd", "-1", "the container would run a program of the host"),
	NO_HELP,
	END,
};

static const struct grammar_flag restore[] = {
	CREATE_FLAGS,
	VALUE("image-path", NULL),
	SWITCH("detach", NULL),
	SWITCH("direct", NULL),
	SWITCH("background", NULL),
	SWITCH("split-fsrestore", NULL),
	SWITCH("no-subreaper", NULL),
	VALUE("work-path", NULL),
	NO_HELP,
	END,
};

static const struct grammar_flag exec[] = {
	VALUE("cwd", NULL),
	LIST("env", NULL),
	VALUE("user", NULL),
	LIST("additional-gids", NULL),
	LIST("cap", NULL),
	SWITCH("detach", NULL),
	VALUE("process", NULL),
	VALUE("pid-file", NULL),
	VALUE("internal-pid-file", NULL),
	VALUE("console-socket", NULL),
	{"pass-fd", NULL, FLAG_LIST, HOST_DESCRIPTOR, NULL},
	ONLY("exec-fd", "-1", "the container would run a program of the host"),
	NO_HELP,
	END,
};

static const struct grammar_flag update[] = {
	VALUE("resources", NULL),
	VALUE("blkio-weight", NULL),
	VALUE("cpu-burst", NULL),
	VALUE("cpu-idle", NULL),
	VALUE("cpu-period", NULL),
	VALUE("cpu-quota", NULL),
	VALUE("cpu-rt-period", NULL),
	VALUE("cpu-rt-runtime", NULL),
	VALUE("cpu-share", NULL),
	VALUE("cpuset-cpus", NULL),
	VALUE("cpuset-mems", NULL),
	VALUE("memory", NULL),
	VALUE("memory-reservation", NULL),
	VALUE("memory-swap", NULL),
	VALUE("pids-limit", NULL),
	VALUE("l3-cache-schema", NULL),
	VALUE("mem-bw-schema", NULL),
	NO_HELP,
	END,
};

static const struct grammar_flag none[] = {HELP, END};
static const struct grammar_flag delete[] = {SWITCH("force", NULL), HELP, END};
static const struct grammar_flag ps[] = {VALUE("format", NULL), HELP, END};

static const struct grammar_flag kill[] = {
	SWITCH("all", NULL), VALUE("pid", NULL), VALUE("pgid", NULL), HELP, END,
};

static const struct grammar_flag events[] = {
	VALUE("interval", NULL),
	SWITCH("stats", NULL),
	SWITCH("stream", NULL),
	LIST("filters", NULL),
	HELP,
	END,
};

static const struct grammar_flag checkpoint[] = {
	VALUE("image-path", NULL),
	VALUE("work-path", NULL),
	SWITCH("leave-running", NULL),
	VALUE("compression", NULL),
	SWITCH("direct", NULL),
	SWITCH("exclude-committed-zero-pages", NULL),
	VALUE("fs-checkpoint-paths", NULL),
	VALUE("save-restore-exec-argv", NULL),
	VALUE("save-restore-exec-timeout", NULL),
	VALUE("cuda-checkpoint-path", NULL),
	SWITCH("cuda-checkpoint-sequential", NULL),
	HELP,
	END,
};

/* --checkpoint took a value in 2024 and is a boolean now. */
static const struct grammar_flag wait[] = {
	VALUE("rootpid", NULL),
	VALUE("pid", NULL),
	SWITCH("restore", NULL),
	SWITCH("fscheckpoint", NULL),
	SWITCH("fsrestore", NULL),
	HELP,
	END,
};

static const struct grammar_command commands[] = {
	{"create", GRAMMAR_CREATE, true, create},
	{"run", GRAMMAR_CREATE, true, run},
	{"restore", GRAMMAR_CREATE, true, restore},
	{"exec", GRAMMAR_EXEC, true, exec},
	{"update", GRAMMAR_UPDATE, true, update},
	{"start", GRAMMAR_PASS, true, none},
	{"kill", GRAMMAR_PASS, true, kill},
	{"delete", GRAMMAR_PASS, true, delete},
	{"state", GRAMMAR_PASS, true, none},
	{"ps", GRAMMAR_PASS, true, ps},
	{"pause", GRAMMAR_PASS, true, none},
	{"resume", GRAMMAR_PASS, true, none},
	{"events", GRAMMAR_PASS, true, events},
	{"checkpoint", GRAMMAR_PASS, true, checkpoint},
	{"wait", GRAMMAR_PASS, true, wait},
	{"list", GRAMMAR_PASS, false, NULL},
	{"spec", GRAMMAR_PASS, false, NULL},
	{"features", GRAMMAR_PASS, false, NULL},
	{"flags", GRAMMAR_PASS, false, NULL},
	{"help", GRAMMAR_PASS, false, NULL},
	END_COMMANDS,
};

const struct grammar grammar_runsc = {.global = global, .commands = commands, .go_flags = true};
