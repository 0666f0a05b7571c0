/* SPDX-License-Identifier: Apache-2.0 */
/* How what the kernel refused is shown, and what would allow it. */
#include "command/kernel_join.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "seccomp/watched.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>

struct seccomp_filter *kernel_join_filter(const struct json *record)
{
	const struct seccomp_host surroundings = {.arch = seccomp_native()};
	const char *bundle = json_string(record, "bundle");
	json_auto struct json_doc *doc = NULL;
	text_auto struct text path = {0};
	hr_autofree char *text = NULL;
	struct seccomp_filter *filter = NULL;
	const struct json *object;
	size_t len;

	text_addf(&path, "%s/config.json", bundle ? bundle : "");
	if (!bundle || path.failed ||
	    file_read_at(AT_FDCWD, path.data, path.data, JSON_MAX_BYTES, &text, &len, NULL, NULL) <
		    0 ||
	    json_parse("config.json", text, len, false, &doc, NULL) < 0)
		return NULL;
	object = json_path(json_root(doc), "linux.seccomp");
	if (!object || seccomp_read(object, &surroundings, &filter, NULL) < 0)
		return NULL;
	return filter;
}

const char *kernel_join_call(const struct kernel_record *record, char buf[KERNEL_JOIN_CALL])
{
	char name[NAMES_SIZE];

	if (record->arch != seccomp_audit_arch(seccomp_native()))
		snprintf(buf, KERNEL_JOIN_CALL, "call %d of another ABI (%x)", record->call,
			 record->arch);
	else if (seccomp_call_name(record->call, seccomp_native(), name))
		snprintf(buf, KERNEL_JOIN_CALL, "%s", name);
	else
		snprintf(buf, KERNEL_JOIN_CALL, "call %d", record->call);
	return buf;
}

/* The kernel logs neither arguments nor errno: both are the filter's to tell, where it asks for no
 * arguments. False if it cannot. */
static bool judge(const struct kernel_record *record, const struct seccomp_filter *filter,
		  char name[NAMES_SIZE], struct seccomp_judgement *ret)
{
	static const uint64_t none[6];

	if (record->kind != KERNEL_SECCOMP || !filter ||
	    record->arch != seccomp_audit_arch(seccomp_native()) ||
	    !seccomp_call_name(record->call, seccomp_native(), name))
		return false;
	seccomp_judge(filter, name, none, ret);
	return true;
}

void kernel_join_remedy(const struct kernel_record *record, const struct seccomp_filter *filter,
			struct text *to)
{
	static const uint64_t none[6];
	struct seccomp_judgement judgement;
	char name[NAMES_SIZE];
	const char *note = NULL;

	if (!judge(record, filter, name, &judgement))
		return;
	if (judgement.asked) {
		text_adds(to, "with some arguments only: hardrun try shows which");
		return;
	}
	seccomp_allow_line(filter, name, none, to, &note);
	if (note)
		text_addf(to, " (%s)", note);
}

const char *kernel_join_answer(const struct kernel_record *record, char buf[KERNEL_JOIN_CALL])
{
	const char *word = "refused";

	if (record->kind == KERNEL_APPARMOR) {
		word = "AppArmor";
	} else if (record->kind == KERNEL_SELINUX) {
		word = "SELinux";
	} else {
		switch (record->code & SECCOMP_RET_ACTION_FULL) {
		case SECCOMP_RET_TRAP:
			word = "SIGSYS";
			break;
		case SECCOMP_RET_KILL_PROCESS:
		case SECCOMP_RET_KILL_THREAD:
			word = "killed";
			break;
		default:
			break;
		}
	}
	snprintf(buf, KERNEL_JOIN_CALL, "%s", word);
	return buf;
}

const char *kernel_join_errno(const struct kernel_record *record,
			      const struct seccomp_filter *filter, char buf[KERNEL_JOIN_CALL])
{
	struct seccomp_judgement judgement;
	char name[NAMES_SIZE];
	const char *known = NULL;

	kernel_join_answer(record, buf);
	if ((record->code & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO &&
	    judge(record, filter, name, &judgement) && !judgement.asked && judgement.error)
		known = strerrorname_np((int)judgement.error);
	if (known)
		snprintf(buf, KERNEL_JOIN_CALL, "%s", known);
	return buf;
}
