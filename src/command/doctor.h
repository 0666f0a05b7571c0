/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor: a node is looked at once (doctor_node.c, doctor_ask.c, doctor_kernel.c), then each
 * check reads what was seen and adds findings. Checks change nothing. Private to
 * src/command/doctor*.c and its unit test.
 */
#ifndef HR_COMMAND_DOCTOR_H
#define HR_COMMAND_DOCTOR_H

#include "base/text.h"
#include "engine/engine.h"
#include "host/escapes.h"
#include "host/runtime.h"
#include "policy/policy.h"

#include <limits.h>
#include <sys/stat.h>

/* --- findings --- */

enum severity {
	SEVERITY_ERROR,	  /* pods fail, or run unhardened */
	SEVERITY_WARNING, /* weaker than it should be, or will fail later */
	SEVERITY_NOTE,	  /* worth knowing; never counts */
	SEVERITIES
};

struct finding {
	const char *id; /* stable: documented in hardrun(8) */
	enum severity severity;
	struct text file; /* empty: none */
	unsigned line;	  /* from 1; 0: none */
	struct text subject, evidence;
	struct text remedy; /* a command to paste; or words that begin with a capital letter */
};

struct findings {
	struct finding *all;
	size_t len, room;
	bool failed;	      /* memory ran out */
	struct finding spare; /* written then */
};

/* A new finding, to be filled in before the next one is asked for. `file` may be NULL. */
struct finding *doctor_find(struct findings *to, const char *id, enum severity severity,
			    const char *file, unsigned line);
void findings_free(struct findings *findings);

/* Append a value as one word of a shell command, quoted where it must be. */
void doctor_word(struct text *to, const char *value);

/* Append a value from outside as messages show it. */
void doctor_show(struct text *to, const char *value);

/* What is no printable ASCII becomes \xNN: files' names are not chosen here. */
void doctor_clean(struct text *text);
void findings_clean(struct findings *findings);

/* A finding file.trust, where others than root can change what is at `path`: of the first
 * component that they can, once. Names links as well as what they lead to. False when there
 * is none. `what`: for the evidence. */
bool doctor_trust(struct findings *to, enum severity severity, const char *path, const char *what);

/* --- the node --- */

#define DOCTOR_PATIENCE_MS 2000

/* Values of files below /proc/sys and the like, without the newline; "" for one that is not
 * there. */
struct node_kernel {
	char release[128];
	char protected_symlinks[16];
	char protected_hardlinks[16];
	char core_pattern[256];
	char bpf[16];	 /* kernel.unprivileged_bpf_disabled */
	char ptrace[16]; /* kernel.yama.ptrace_scope */
	char userns[32]; /* user.max_user_namespaces */
	char seccomp[256];
	char seccomp_logged[256];
	char lsm[256];
};

/* What the kubelet's own file says. */
struct node_kubelet {
	int systemd_cgroup; /* 1, 0; -1: not said */
	unsigned line;
	struct hr_error failed; /* why it cannot be read; HR_OK: it can, or is not there */
};

/* A runtime behind hardrun. */
struct node_runtime {
	struct runtime runtime;
	struct json_doc *cves; /* {"cves": [...]}; NULL: it was not asked, or gave no answer */
	char version[160];     /* first line of --version */
	char package[PACKAGE_VERSION_SIZE];
	char *features; /* NULL: it has no such command */
	size_t features_len;
	struct hr_error failed; /* why it gave no answer; HR_OK: it did, or was not asked */
};

/* A name by which hardrun is called. */
struct node_handler {
	char name[NAME_MAX + 1];
	char program[PATH_MAX];		 /* as the engine's file has it; "" for a link alone */
	const struct engine *engine;	 /* the first that calls it; NULL for none */
	const struct engine_handler *by; /* there */
	struct node_runtime *real;	 /* NULL: its link leads to nothing that can be used */
	const char *profile;	  /* for what no rule matches; NULL: not known to the policy */
	const struct json *rules; /* the profile's, of the control runtime; NULL */
	bool asked;		  /* for features, through hardrun */
	char *features;
	size_t features_len;
	struct hr_error failed;
};

struct node {
	char self[PATH_MAX]; /* this program */
	struct stat self_stat;
	struct node_kernel kernel;
	struct node_kubelet kubelet;
	bool configured;		      /* HR_CONFDIR is there */
	struct policy *policy;		      /* NULL: it has mistakes, or cannot be read */
	struct text mistakes;		      /* of the policy, a line each */
	struct hr_error policy_err;	      /* why it cannot be read */
	struct engine *engines[ENGINE_KINDS]; /* NULL: see engine_err */
	struct hr_error engine_err[ENGINE_KINDS];
	bool buildkit_told; /* dockerd's unit names another runtime to BuildKit */
	bool buildkit_path; /* the first runc of dockerd's PATH is this program */
	struct node_handler *handlers;
	size_t handlers_len;
	struct node_runtime *runtimes;
	size_t runtimes_len;
};

int node_read(struct node **ret, struct hr_error *err);
void node_free(struct node *node);
static inline void node_free_p(struct node **node)
{
	node_free(*node);
}
#define node_auto __attribute__((cleanup(node_free_p)))

void node_read_kernel(struct node_kernel *ret);
void node_read_kubelet(struct node_kubelet *ret);
void node_read_buildkit(struct node *node);

/* Ask runtimes what they are, and hardrun what it says in their place. What others than root
 * can change is not run. */
void node_ask_runtime(struct node_runtime *runtime);
void node_ask_handler(struct node_handler *handler);

/* True for a program that answers as no hardrun does, whatever its name is. False where it
 * cannot be asked. */
bool node_ask_other(const struct node *node, const char *program);

/* The runtime that a handler without one should have. */
void node_usual_runtime(const struct node *node, char ret[PATH_MAX]);

/* Major, minor and patch of the first version in a text; false when it has none. */
bool doctor_version(const char *text, unsigned ret[3]);

/* -1, 0, 1 as `text` is before, at or after MAJOR.MINOR.PATCH; 0 for no version. */
int doctor_compare(const char *text, unsigned major, unsigned minor, unsigned patch);

/* A handler that no engine calls fails nobody yet. */
enum severity doctor_severity(const struct node_handler *handler);

/* True for a program that prepares a container and then starts a runtime. */
bool doctor_is_wrapper(const char *path);

/* "; then: systemctl restart ENGINE", "" for podman. */
const char *doctor_restart(enum engine_kind kind);

/* A finding about a handler of an engine. */
struct finding *doctor_find_handler(struct findings *to, const char *id, enum severity severity,
				    const struct engine *engine,
				    const struct engine_handler *handler);

/* Append "Edit FILE, line N, handler NAME: ". */
void doctor_edit(struct text *to, const struct engine *engine,
		 const struct engine_handler *handler);

/* True for a value that is as good as not said. */
bool doctor_is_zero(const struct json *value);

/* The engine's default handler; NULL. */
const struct engine_handler *doctor_default(const struct engine *engine);

/* A profile of the policy that containers of this node get. */
struct used {
	const char *name;
	const struct json *profile;
	enum severity severity; /* of what makes its creates fail */
};

/* Those of the handlers, of the rules, and of containerd's sandboxes. The caller frees them. */
struct used *doctor_used(const struct node *node, struct findings *to, size_t *ret_len);

/* --- the checks --- */

void check_policy_files(const struct node *node, struct findings *to);
void check_state(const struct node *node, struct findings *to);
void check_audit_log(const struct node *node, struct findings *to);
void check_programs(const struct node *node, struct findings *to);
void check_links(const struct node *node, struct findings *to);
void check_runtimes(const struct node *node, struct findings *to);
void check_features(const struct node *node, struct findings *to);
void check_profiles(const struct node *node, struct findings *to);
void check_used(const struct node *node, struct findings *to);
void check_engine_files(const struct node *node, struct findings *to);
void check_engine_defaults(const struct node *node, struct findings *to);
void check_engine_handlers(const struct node *node, struct findings *to);
void check_engine_options(const struct node *node, struct findings *to);
void check_containerd(const struct node *node, struct findings *to);
void check_docker(const struct node *node, struct findings *to);
void check_podman(const struct node *node, struct findings *to);
void check_kernel(const struct node *node, struct findings *to);
void check_lsm(const struct node *node, struct findings *to);
void check_userns(const struct node *node, struct findings *to);
void check_log(const struct node *node, struct findings *to);
void check_images(const struct node *node, struct findings *to);
void check_kernel_notes(const struct node *node, struct findings *to);

#endif
