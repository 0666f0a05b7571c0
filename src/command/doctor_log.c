/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: what the options log and learn of the control seccomp need, and what they cost. */
#include "base/cleanup.h"
#include "base/file.h"
#include "command/doctor.h"
#include "line/decide.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYSCTL_FILE "/etc/sysctl.d/60-hardrun.conf"
#define LOGGED_NAME "kernel.seccomp.actions_logged"
#define LOGGED_FILE "/proc/sys/kernel/seccomp/actions_logged"

/* The option of a profile that is given to containers, where it is on; NULL. */
static const struct json *option_of(const struct used *used, const char *name)
{
	const struct json *option = json_get(json_get(used->profile, "seccomp"), name);

	return decide_mode(used->profile, "seccomp") == MODE_ENFORCE && option && option->boolean
		       ? option
		       : NULL;
}

/* ---- log ------------------------------------------------------------------------------- */

static void add_profile(struct text *to, const struct used *used)
{
	text_adds(to, "profile ");
	doctor_show(to, used->name);
	text_adds(to, " has what its filter refuses logged, and ");
}

/* The list as a whole has to be written again. */
static void check_actions(const struct node_kernel *kernel, const struct used *used,
			  struct findings *to)
{
	struct finding *finding;
	text_auto struct text wanted = {0};

	if (strstr(kernel->seccomp_logged, "errno") || kernel->seccomp_logged[0] == '\0')
		return;
	finding = doctor_find(to, "kernel.seccomp-log", SEVERITY_WARNING, LOGGED_FILE, 0);
	text_adds(&finding->subject, LOGGED_NAME);
	add_profile(&finding->evidence, used);
	text_adds(&finding->evidence, "actions_logged is \"");
	doctor_show(&finding->evidence, kernel->seccomp_logged);
	text_adds(&finding->evidence, "\" and lacks errno: the kernel logs none of it");
	text_addf(&wanted, LOGGED_NAME "=%s errno", kernel->seccomp_logged);
	text_adds(&finding->remedy, "sysctl -w ");
	doctor_word(&finding->remedy, wanted.data ? wanted.data : "");
	text_adds(&finding->remedy, " && mkdir -p /etc/sysctl.d && echo ");
	doctor_word(&finding->remedy, wanted.data ? wanted.data : "");
	text_adds(&finding->remedy, " >> " SYSCTL_FILE);
	to->failed = to->failed || wanted.failed;
}

static bool readable(const char *path)
{
	hr_autoclose int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return fd >= 0;
}

/* audit=0 on the kernel's command line stays until the next boot. */
static bool is_switched_off(void)
{
	hr_autofree char *line = NULL;
	size_t len;
	char *rest;

	if (file_read_at(AT_FDCWD, "/proc/cmdline", "/proc/cmdline", 65536, &line, &len, NULL,
			 NULL) < 0)
		return false;
	for (char *word = strtok_r(line, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest))
		if (strcmp(word, "audit=0") == 0 || strcmp(word, "audit=off") == 0)
			return true;
	return false;
}

static void check_records(const struct used *used, struct findings *to)
{
	const char *why = NULL, *remedy = NULL;
	struct finding *finding;

	if (access("/proc/self/loginuid", F_OK) < 0) {
		why = "the kernel has no audit records (CONFIG_AUDIT)";
		remedy = "Boot a kernel with CONFIG_AUDIT; distributions' kernels have it";
	} else if (is_switched_off()) {
		why = "the kernel was booted with audit=0: it logs none of it";
		remedy = "Boot without audit=0";
	} else if (!readable("/var/log/audit/audit.log") && !readable("/dev/kmsg")) {
		why = "neither /var/log/audit/audit.log nor /dev/kmsg can be read";
		remedy = "Install auditd, or make /dev/kmsg readable for root";
	}
	if (!why)
		return;
	finding = doctor_find(to, "kernel.audit", SEVERITY_WARNING, NULL, 0);
	text_adds(&finding->subject, "audit records");
	add_profile(&finding->evidence, used);
	text_adds(&finding->evidence, why);
	text_adds(&finding->remedy, remedy);
}

static bool can_log(const struct node_runtime *runtime)
{
	json_auto struct json_doc *doc = NULL;

	if (runtime->runtime.kind == RUNTIME_CRUN)
		return doctor_compare(runtime->version, 1, 6, 0) >= 0;
	return runtime->runtime.kind == RUNTIME_RUNC && runtime->features &&
	       json_parse("features", runtime->features, runtime->features_len, false, &doc,
			  NULL) == 0 &&
	       json_has_string(json_path(json_root(doc), "linux.seccomp.supportedFlags"),
			       "SECCOMP_FILTER_FLAG_LOG");
}

/* What gave no answer is another finding's. */
static void check_flag(const struct node *node, const struct used *used, struct findings *to)
{
	for (size_t i = 0; i < node->runtimes_len; i++) {
		const struct node_runtime *runtime = &node->runtimes[i];
		struct finding *finding;

		if (runtime->failed.code != HR_OK || !runtime->version[0] || can_log(runtime))
			continue;
		finding = doctor_find(to, "runtime.seccomp-log", SEVERITY_NOTE, NULL, 0);
		text_adds(&finding->subject, "runtime ");
		doctor_show(&finding->subject, runtime->runtime.path);
		add_profile(&finding->evidence, used);
		text_adds(&finding->evidence, "\"");
		doctor_show(&finding->evidence, runtime->version);
		text_adds(&finding->evidence,
			  "\" does not know SECCOMP_FILTER_FLAG_LOG: nothing is logged of its "
			  "containers");
		text_adds(&finding->remedy,
			  "Install runc 1.2 or later, or give the handler crun 1.6 or later");
	}
}

/* ---- learn ----------------------------------------------------------------------------- */

static void check_learn(const struct used *used, const struct json *learn, struct findings *to)
{
	const char *name = json_name(learn->doc);
	struct finding *finding;
	unsigned line, column;

	json_where(learn, &line, &column);
	finding = doctor_find(to, "profile.learn", SEVERITY_WARNING, name, line);
	text_adds(&finding->subject, "profile ");
	doctor_show(&finding->subject, used->name);
	text_adds(
		&finding->evidence,
		"records the system calls of its containers: each waits for a process of hardrun, "
		"which makes it slower, and is refused once that process is gone");
	text_addf(&finding->remedy,
		  "Edit %s, line %u: \"learn\": false, when the profile is written", name, line);
}

void check_log(const struct node *node, struct findings *to)
{
	hr_autofree struct used *all = NULL;
	bool logged = false;
	size_t len;

	all = doctor_used(node, to, &len);
	for (size_t i = 0; i < len; i++) {
		const struct json *learn = option_of(&all[i], "learn");

		if (learn)
			check_learn(&all[i], learn, to);
		if (learn || logged || !option_of(&all[i], "log"))
			continue;
		logged = true;
		check_actions(&node->kernel, &all[i], to);
		check_records(&all[i], to);
		check_flag(node, &all[i], to);
	}
}
