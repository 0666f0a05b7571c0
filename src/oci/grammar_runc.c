/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runc 1.1 to 1.5 (urfave/cli 1) and its main branch of 2026 (urfave/cli 3): every
 * command but the internal `init`, every flag of any of them.
 */
#include "oci/grammar_flags.h"

#define HELP	SWITCH("help", "h")
#define NO_HELP NO_SWITCH("help", "h", HELP_ALONE)

static const struct grammar_flag global[] = {
	SWITCH("debug", NULL),
	VALUE("log", NULL),
	VALUE("log-format", NULL),
	VALUE("root", NULL),
	SWITCH("systemd-cgroup", NULL),
	ONLY("rootless", "false|auto", "the container could go without its cgroup limits"),
	ONLY("criu", "criu", "runc would run a program that nothing checked"), /* until 1.3 */
	NO_SWITCH("help", "h", HELP_GLOBAL),
	NO_SWITCH("version", "v", HELP_GLOBAL),
	END,
};

static const struct grammar_flag create[] = {
	VALUE("bundle", "b"),
	VALUE("console-socket", NULL),
	VALUE("pidfd-socket", NULL),
	VALUE("pid-file", NULL),
	SWITCH("no-pivot", NULL),
	SWITCH("no-new-keyring", NULL),
	VALUE("preserve-fds", NULL),
	NO_HELP,
	END,
};

static const struct grammar_flag run[] = {
	VALUE("bundle", "b"),
	VALUE("console-socket", NULL),
	VALUE("pidfd-socket", NULL),
	SWITCH("detach", "d"),
	SWITCH("keep", NULL),
	VALUE("pid-file", NULL),
	SWITCH("no-subreaper", NULL),
	SWITCH("no-pivot", NULL),
	SWITCH("no-new-keyring", NULL),
	VALUE("preserve-fds", NULL),
	NO_HELP,
	END,
};

static const struct grammar_flag restore[] = {
	VALUE("console-socket", NULL),
	VALUE("image-path", NULL),
	VALUE("work-path", NULL),
	SWITCH("tcp-established", NULL),
	SWITCH("ext-unix-sk", NULL),
	SWITCH("shell-job", NULL),
	SWITCH("file-locks", NULL),
	ONLY("manage-cgroups-mode", "soft|full|strict", "its cgroups would stay as they are"),
	VALUE("bundle", "b"),
	SWITCH("detach", "d"),
	VALUE("pid-file", NULL),
	SWITCH("no-subreaper", NULL),
	SWITCH("no-pivot", NULL),
	LIST("empty-ns", NULL),
	SWITCH("auto-dedup", NULL),
	SWITCH("lazy-pages", NULL),
	NO_VALUE("lsm-profile", NULL, "the label comes from the document"),
	NO_VALUE("lsm-mount-context", NULL, "the label comes from the document"),
	NO_HELP,
	END,
};

static const struct grammar_flag exec[] = {
	VALUE("console-socket", NULL),
	VALUE("pidfd-socket", NULL),
	VALUE("cwd", NULL),
	LIST("env", "e"),
	SWITCH("tty", "t"),
	VALUE("user", "u"),
	LIST("additional-gids", "g"),
	VALUE("process", "p"),
	SWITCH("detach", "d"),
	VALUE("pid-file", NULL),
	VALUE("process-label", NULL),
	VALUE("apparmor", NULL),
	SWITCH("no-new-privs", NULL),
	LIST("cap", "c"),
	VALUE("preserve-fds", NULL),
	LIST("cgroup", NULL),
	SWITCH("ignore-paused", NULL),
	NO_HELP,
	END,
};

static const struct grammar_flag update[] = {
	VALUE("resources", "r"),
	VALUE("blkio-weight", NULL),
	VALUE("cpu-period", NULL),
	VALUE("cpu-quota", NULL),
	VALUE("cpu-burst", NULL),
	VALUE("cpu-share", NULL),
	VALUE("cpu-rt-period", NULL),
	VALUE("cpu-rt-runtime", NULL),
	VALUE("cpuset-cpus", NULL),
	VALUE("cpuset-mems", NULL),
	VALUE("cpu-idle", NULL),
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

static const struct grammar_flag none[] = {HELP, END};
static const struct grammar_flag kill[] = {SWITCH("all", "a"), HELP, END};
static const struct grammar_flag delete[] = {SWITCH("force", "f"), HELP, END};
static const struct grammar_flag ps[] = {VALUE("format", "f"), HELP, END};
static const struct grammar_flag events[] = {
	VALUE("interval", NULL),
	SWITCH("stats", NULL),
	HELP,
	END,
};

static const struct grammar_flag checkpoint[] = {
	VALUE("image-path", NULL),
	VALUE("work-path", NULL),
	VALUE("parent-path", NULL),
	SWITCH("leave-running", NULL),
	SWITCH("tcp-established", NULL),
	SWITCH("tcp-skip-in-flight", NULL),
	SWITCH("link-remap", NULL),
	SWITCH("ext-unix-sk", NULL),
	SWITCH("shell-job", NULL),
	SWITCH("lazy-pages", NULL),
	VALUE("status-fd", NULL),
	VALUE("page-server", NULL),
	SWITCH("file-locks", NULL),
	SWITCH("pre-dump", NULL),
	VALUE("manage-cgroups-mode", NULL),
	LIST("empty-ns", NULL),
	SWITCH("auto-dedup", NULL),
	HELP,
	END,
};

static const struct grammar_command commands[] = {
	{"create", GRAMMAR_CREATE, true, create},   {"run", GRAMMAR_CREATE, true, run},
	{"restore", GRAMMAR_CREATE, true, restore}, {"exec", GRAMMAR_EXEC, true, exec},
	{"update", GRAMMAR_UPDATE, true, update},   {"start", GRAMMAR_PASS, true, none},
	{"kill", GRAMMAR_PASS, true, kill},	    {"delete", GRAMMAR_PASS, true, delete},
	{"state", GRAMMAR_PASS, true, none},	    {"ps", GRAMMAR_PASS, true, ps},
	{"pause", GRAMMAR_PASS, true, none},	    {"resume", GRAMMAR_PASS, true, none},
	{"events", GRAMMAR_PASS, true, events},	    {"checkpoint", GRAMMAR_PASS, true, checkpoint},
	{"list", GRAMMAR_PASS, false, NULL},	    {"spec", GRAMMAR_PASS, false, NULL},
	{"features", GRAMMAR_PASS, false, NULL},    {"help", GRAMMAR_PASS, false, NULL},
	{"h", GRAMMAR_PASS, false, NULL},	    END_COMMANDS,
};

const struct grammar grammar_runc = {.global = global, .commands = commands, .go_flags = true};
