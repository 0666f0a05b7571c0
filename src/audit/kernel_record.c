/* SPDX-License-Identifier: Apache-2.0 */
/* One line of a log becomes a record. */
#include "audit/kernel_fields.h"

#include "base/text.h"

#include <limits.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>

/* A label without the mode behind it ("docker-default (enforce)"), and without the = that some
 * kernels put in front. */
static void get_label(const struct rest *rest, const char *key, struct kernel_record *ret)
{
	struct field field;

	ret->subject[0] = '\0';
	if (!field_find(*rest, key, &field) || (field.value_len == 1 && field.value[0] == '?'))
		return;
	if (field.value_len > 0 && field.value[0] == '=' && !field.quoted) {
		field.value++;
		field.value_len--;
	}
	/* Other labels than a profile's are as they are, even if they look like hexadecimal. */
	field.quoted = strcmp(key, "profile") != 0 || field.quoted;
	field_copy(&field, ret->subject, sizeof(ret->subject));
}

static bool get_process(const struct rest *rest, struct kernel_record *ret)
{
	uint64_t number;

	if (!field_number(rest, "pid", 10, INT_MAX, &number))
		return false;
	ret->pid = (pid_t)number;
	if (!field_number(rest, "uid", 10, UINT32_MAX, &number) &&
	    !field_number(rest, "fsuid", 10, UINT32_MAX, &number))
		number = UINT32_MAX;
	ret->uid = (uint32_t)number;
	field_get(rest, "comm", ret->comm, sizeof(ret->comm));
	field_get(rest, "exe", ret->exe, sizeof(ret->exe));
	return true;
}

/* A process may ask for any number; the filter sees its low 32 bits. */
static bool get_call(const struct rest *rest, int *ret)
{
	struct field field;
	struct rest digits;
	uint64_t number;
	bool negative;

	if (!field_find(*rest, "syscall", &field))
		return false;
	digits = (struct rest){field.value, field.value + field.value_len};
	negative = rest_take(&digits, "-");
	if (!rest_number(&digits, &number) || digits.at != digits.end)
		return false;
	*ret = (int)(uint32_t)(negative ? -number : number);
	return true;
}

static bool parse_seccomp(const struct rest *rest, struct kernel_record *ret)
{
	uint64_t arch, code;

	if (!get_process(rest, ret) || !get_call(rest, &ret->call) ||
	    !field_number(rest, "arch", 16, UINT32_MAX, &arch) ||
	    !field_number(rest, "code", 16, UINT32_MAX, &code))
		return false;
	ret->arch = (uint32_t)arch;
	ret->code = (uint32_t)code;
	/* Whom a filter asks (USER_NOTIF, TRACE) may have let it through. */
	ret->refused = (ret->code & SECCOMP_RET_ACTION_FULL) <= SECCOMP_RET_ERRNO ||
		       (ret->code & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_KILL_PROCESS;
	get_label(rest, "subj", ret);
	return true;
}

static void add(char *to, size_t room, const char *before, const char *text, const char *behind)
{
	size_t len = strlen(to);

	if (text[0])
		snprintf(to + len, room - len, "%s%s%s", before, text, behind);
}

/* A field behind what is there already. */
static void add_field(const struct rest *rest, const char *key, struct kernel_record *ret,
		      const char *before, const char *behind)
{
	char value[sizeof(ret->what)];

	field_get(rest, key, value, sizeof(value));
	add(ret->what, sizeof(ret->what), ret->what[0] ? before : "", value, behind);
}

/* "open /etc/shadow (r)", "capable net_raw", "create inet raw (create)". What a profile in mode
 * complain would have refused is ALLOWED there. */
static bool parse_apparmor(const struct rest *rest, struct kernel_record *ret)
{
	static const char *const words[] = {"operation", "name",   "capname", "family",
					    "sock_type", "signal", "target",  "peer"};
	static const char *const masks[] = {"denied_mask", "denied"};
	struct field verdict;

	if (!field_find(*rest, "apparmor", &verdict) || verdict.value_len != strlen("DENIED") ||
	    memcmp(verdict.value, "DENIED", verdict.value_len) != 0 || !get_process(rest, ret))
		return false;
	ret->kind = KERNEL_APPARMOR;
	ret->refused = true;
	get_label(rest, "profile", ret);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		add_field(rest, words[i], ret, " ", "");
	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++)
		add_field(rest, masks[i], ret, " (", ")");
	return true;
}

/* "avc:  denied  { read open } for  pid=..." */
static bool take_permissions(struct rest *rest, struct field *ret)
{
	const char *close;

	if (!rest_take(rest, "avc:"))
		return false;
	while (rest_take(rest, " "))
		;
	if (!rest_take(rest, "denied"))
		return false;
	while (rest_take(rest, " "))
		;
	close = rest_take(rest, "{ ") ? memchr(rest->at, '}', rest_left(rest)) : NULL;
	if (!close)
		return false;
	*ret = (struct field){
		.value = rest->at, .value_len = (size_t)(close - rest->at), .quoted = true};
	while (ret->value_len > 0 && ret->value[ret->value_len - 1] == ' ')
		ret->value_len--;
	rest->at = close + 1;
	return true;
}

/* "read open /data/x of file, system_u:object_r:var_t:s0" */
static bool parse_selinux(struct rest *rest, struct kernel_record *ret)
{
	struct field permissions;
	uint64_t permissive;

	if (!take_permissions(rest, &permissions) || !get_process(rest, ret))
		return false;
	get_label(rest, "scontext", ret);
	field_copy(&permissions, ret->what, sizeof(ret->what) / 2);
	add_field(rest, "path", ret, " ", "");
	if (!strchr(ret->what, '/'))
		add_field(rest, "name", ret, " ", "");
	add_field(rest, "tclass", ret, " of ", "");
	add_field(rest, "tcontext", ret, ", ", "");
	ret->refused = !field_number(rest, "permissive", 10, 1, &permissive) || !permissive;
	if (!ret->refused)
		add(ret->what, sizeof(ret->what), "", " (permissive: not refused)", "");
	return true;
}

bool kernel_record_parse(const char *line, size_t len, struct kernel_record *ret)
{
	struct rest rest = {line, line + len};
	struct kernel_record record = {0};
	const char *enriched;
	bool good;

	if (len == 0)
		return false;
	/* auditd's own translation of what stands before (log_format = ENRICHED) */
	enriched = memchr(line, '\x1d', len);
	if (enriched)
		rest.end = enriched;
	while (rest.end > rest.at && (rest.end[-1] == '\n' || rest.end[-1] == '\r'))
		rest.end--;
	if (!kernel_head(&rest, &record))
		return false;
	if (record.kind == KERNEL_SECCOMP)
		good = parse_seccomp(&rest, &record);
	else if (rest_left(&rest) > 4 && memcmp(rest.at, "avc:", 4) == 0)
		good = parse_selinux(&rest, &record);
	else
		good = parse_apparmor(&rest, &record);
	if (good)
		*ret = record;
	return good;
}
