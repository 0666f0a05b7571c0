/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crun 1.8 to 1.29 (argp over getopt_long, stopping at the first argument): every flag of
 * any of them; every command but `mounts`, which changes the mounts of a running
 * container from a file that nothing checked.
 */
#include "oci/grammar_flags.h"

#define HELP	       SWITCH("help", "?"), SWITCH("usage", NULL)
#define NO_HELP	       NO_SWITCH("help", "?", HELP_ALONE), NO_SWITCH("usage", NULL, HELP_ALONE)
#define OTHER_DOCUMENT "hardrun hardens config.json of the bundle, and crun would read another file"

static const struct grammar_flag global[] = {
	SWITCH("debug", NULL),
	ONLY("cgroup-manager", "systemd|cgroupfs", "the container would go without its cgroup"),
	SWITCH("systemd-cgroup", NULL),
	VALUE("log", NULL),
	VALUE("log-format", NULL),
	VALUE("log-level", NULL),
	VALUE("root", NULL),
	NO_VALUE("rootless", NULL, "crun before 1.22 takes it for --root, later ones ignore it"),
	NO_SWITCH("version", "v", HELP_GLOBAL),
	NO_SWITCH("V", NULL, HELP_GLOBAL),
	NO_SWITCH("help", "?", HELP_GLOBAL),
	NO_SWITCH("usage", NULL, HELP_GLOBAL),
	END,
};

static const struct grammar_flag create[] = {
	VALUE("bundle", "b"),
	NO_VALUE("config", "f", OTHER_DOCUMENT),
	VALUE("console-socket", NULL),
	VALUE("preserve-fds", NULL),
	SWITCH("no-pivot", NULL),
	VALUE("pid-file", NULL),
	SWITCH("no-subreaper", NULL),
	SWITCH("no-new-keyring", NULL),
	NO_HELP,
	END,
};

static const struct grammar_flag run[] = {
	VALUE("bundle", "b"),
	NO_VALUE("config", "f", OTHER_DOCUMENT),
	SWITCH("detach", "d"),
	VALUE("console-socket", NULL),
	VALUE("preserve-fds", NULL),
	VALUE("pid-file", NULL),
	SWITCH("keep", NULL),
	SWITCH("no-subreaper", NULL),
	SWITCH("no-new-keyring", NULL),
	SWITCH("no-pivot", NULL),
	NO_HELP,
	END,
};

static const struct grammar_flag restore[] = {
	VALUE("bundle", "b"),
	VALUE("image-path", NULL),
	VALUE("work-path", NULL),
	SWITCH("tcp-established", NULL),
	SWITCH("tcp-close", NULL),
	SWITCH("ext-unix-sk", NULL),
	SWITCH("shell-job", NULL),
	SWITCH("detach", "d"),
	VALUE("pid-file", NULL),
	VALUE("console-socket", NULL),
	SWITCH("file-locks", NULL),
	ONLY("manage-cgroups-mode", "soft|full|strict", "its cgroups would stay as they are"),
	VALUE("network-lock", NULL), /* crun takes the next word, never --network-lock=X */
	NO_VALUE("lsm-profile", NULL, "the label comes from the document"),
	NO_VALUE("lsm-mount-context", NULL, "the label comes from the document"),
	NO_HELP,
	END,
};

static const struct grammar_flag exec[] = {
	VALUE("console-socket", NULL),
	{"tty", "t", FLAG_OPTIONAL, NULL, NULL},
	VALUE("process", "p"),
	VALUE("cwd", NULL),
	VALUE("cgroup", NULL),
	SWITCH("detach", "d"),
	VALUE("user", "u"),
	LIST("env", "e"),
	LIST("cap", "c"),
	VALUE("pid-file", NULL),
	VALUE("preserve-fds", NULL),
	SWITCH("no-new-privs", NULL),
	VALUE("process-label", NULL),
	VALUE("apparmor", NULL),
	NO_HELP,
	END,
};

static const struct grammar_flag update[] = {
	VALUE("resources", "r"),
	VALUE("blkio-weight", NULL),
	VALUE("cpu-period", NULL),
	VALUE("cpu-quota", NULL),
	VALUE("cpu-share", NULL),
	VALUE("cpu-rt-period", NULL),
	VALUE("cpu-rt-runtime", NULL),
	VALUE("cpuset-cpus", NULL),
	VALUE("cpuset-mems", NULL),
	VALUE("kernel-memory", NULL),
	VALUE("kernel-memory-tcp", NULL),
	VALUE("memory", NULL),
	VALUE("memory-reservation", NULL),
	VALUE("memory-swap", NULL),
	VALUE("pids-limit", NULL),
	VALUE("l3-cache-schema", NULL),
	VALUE("mem-bw-schema", NULL),
	NO_HELP,
	END,
};

/* With --regex the argument stands for many containers. */
#define PATTERN "the container id is a pattern"

static const struct grammar_flag none[] = {HELP, END};
static const struct grammar_flag kill[] = {
	SWITCH("all", "a"),
	NO_SWITCH("regex", "r", PATTERN),
	HELP,
	END,
};

static const struct grammar_flag delete[] = {
	SWITCH("force", "f"),
	NO_SWITCH("regex", "r", PATTERN),
	HELP,
	END,
};

static const struct grammar_flag ps[] = {VALUE("format", "f"), HELP, END};

static const struct grammar_flag checkpoint[] = {
	VALUE("image-path", NULL),
	VALUE("work-path", NULL),
	VALUE("parent-path", NULL),
	SWITCH("leave-running", NULL),
	SWITCH("tcp-established", NULL),
	SWITCH("ext-unix-sk", NULL),
	SWITCH("shell-job", NULL),
	SWITCH("pre-dump", NULL),
	SWITCH("file-locks", NULL),
	VALUE("manage-cgroups-mode", NULL),
	VALUE("network-lock", NULL),
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
	{"checkpoint", GRAMMAR_PASS, true, checkpoint},
	{"list", GRAMMAR_PASS, false, NULL},
	{"spec", GRAMMAR_PASS, false, NULL},
	{"features", GRAMMAR_PASS, false, NULL},
	END_COMMANDS,
};

const struct grammar grammar_crun = {.global = global, .commands = commands, .go_flags = false};
