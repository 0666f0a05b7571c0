/* SPDX-License-Identifier: Apache-2.0 */
#include "oci.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "bpf.h"
#include "stub.h"

#include <ctype.h>
#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ARGUMENTS	6
#define OPTIMIZE_BEYOND 32 /* names; runc 1.2 */

const char *oci_name(enum oci_runtime runtime)
{
	static const char *const names[] = {
		[OCI_RUNC] = "runc",
		[OCI_RUNC_1_1] = "runc 1.1.15",
		[OCI_RUNC_1_2] = "runc 1.2",
		[OCI_CRUN] = "crun",
	};

	return names[runtime];
}

/* --- Words ----------------------------------------------------------------------------- */

/* An action with its data; `errno_ret` counts for ERRNO and TRACE alone. */
static int action_of(const char *name, uint64_t errno_ret, uint32_t *ret)
{
	const struct {
		const char *name;
		uint32_t action;
	} actions[] = {
		{"SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD},
		{"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD},
		{"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS},
		{"SCMP_ACT_TRAP", SCMP_ACT_TRAP},
		{"SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(errno_ret)},
		{"SCMP_ACT_TRACE", SCMP_ACT_TRACE(errno_ret)},
		{"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW},
		{"SCMP_ACT_LOG", SCMP_ACT_LOG},
		{"SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY},
	};

	for (size_t i = 0; name && i < hr_count(actions); i++) {
		if (strcmp(name, actions[i].name) == 0) {
			*ret = (uint32_t)actions[i].action;
			return 0;
		}
	}
	return -1;
}

static bool takes_errno(const char *action)
{
	return strcmp(action, "SCMP_ACT_ERRNO") == 0 || strcmp(action, "SCMP_ACT_TRACE") == 0;
}

static int operator_of(const char *name, enum scmp_compare *ret)
{
	static const struct {
		const char *name;
		enum scmp_compare op;
	} operators[] = {
		{"SCMP_CMP_NE", SCMP_CMP_NE},
		{"SCMP_CMP_LT", SCMP_CMP_LT},
		{"SCMP_CMP_LE", SCMP_CMP_LE},
		{"SCMP_CMP_EQ", SCMP_CMP_EQ},
		{"SCMP_CMP_GE", SCMP_CMP_GE},
		{"SCMP_CMP_GT", SCMP_CMP_GT},
		{"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
	};

	for (size_t i = 0; i < hr_count(operators); i++) {
		if (strcmp(name, operators[i].name) == 0) {
			*ret = operators[i].op;
			return 0;
		}
	}
	return -1;
}

/* --- Rules ----------------------------------------------------------------------------- */

struct build {
	const struct document *document;
	enum oci_runtime runtime;
	scmp_filter_ctx context;
	uint32_t default_action;
	struct hr_error *err;
};

static int add_rule(struct build *build, const char *name, int nr, uint32_t action,
		    const struct scmp_arg_cmp *conditions, unsigned count)
{
	int rc = seccomp_rule_add_array(build->context, action, nr, count, conditions);

	if (rc < 0)
		return hr_fail(build->err, HR_SPEC, "adding a rule for %s: %s", name,
			       strerrorname_np(-rc));
	return 0;
}

/*
 * The conditions of an entry. Where two are on one argument, both runtimes make each a
 * rule of its own, so that any of them is enough. crun looks at the first six only and
 * stops looking for repeated ones at the first.
 */
static int add_conditional(struct build *build, const char *name, int nr, uint32_t action,
			   const struct entry *entry)
{
	struct scmp_arg_cmp list[DOCUMENT_ARGS] = {0};
	unsigned seen[ARGUMENTS] = {0}, count = (unsigned)entry->count;
	bool repeated = false;

	if (build->runtime == OCI_CRUN && count > ARGUMENTS)
		count = ARGUMENTS;
	for (unsigned i = 0; i < count; i++) {
		const struct condition *condition = &entry->conditions[i];
		enum scmp_compare op;

		if (operator_of(condition->op, &op) < 0 || condition->index >= ARGUMENTS)
			return hr_fail(build->err, HR_SPEC, "%s: a bad operator or index", name);
		repeated |= ++seen[condition->index] > 1;
		list[i] = (struct scmp_arg_cmp){(unsigned)condition->index, op, condition->value,
						condition->value_two};
	}
	if (!repeated)
		return add_rule(build, name, nr, action, list, count);
	for (unsigned i = 0; i < count; i++) {
		if (add_rule(build, name, nr, action, &list[i], 1) < 0)
			return -1;
	}
	return 0;
}

static int add_entry(struct build *build, const struct entry *entry)
{
	uint32_t action;

	if (action_of(entry->action, entry->has_errno ? entry->errno_ret : EPERM, &action) < 0)
		return hr_fail(build->err, HR_SPEC, "a bad action");
	if (action == build->default_action)
		return 0; /* both skip what changes nothing, and libseccomp would refuse it */
	json_each(name, entry->names) {
		int nr = seccomp_syscall_resolve_name(name->text);

		if (nr == __NR_SCMP_ERROR)
			continue; /* unknown to the library: dropped by both */
		if (entry->count == 0 ? add_rule(build, name->text, nr, action, NULL, 0) < 0
				      : add_conditional(build, name->text, nr, action, entry) < 0)
			return -1;
	}
	return 0;
}

/* --- What each refuses before it comes to a rule ---------------------------------------- */

static bool flag_is_known(const char *flag, bool crun)
{
	static const char *const known[] = {
		"SECCOMP_FILTER_FLAG_TSYNC",
		"SECCOMP_FILTER_FLAG_LOG",
		"SECCOMP_FILTER_FLAG_SPEC_ALLOW",
		NULL,
	};

	return text_in(flag, known) ||
	       (crun && strcmp(flag, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV") == 0);
}

static int check_flags(const struct build *build)
{
	const struct json *flags = build->document->flags;

	if (build->runtime != OCI_RUNC_1_2 && build->runtime != OCI_CRUN && json_count(flags) > 0)
		return hr_fail(build->err, HR_SPEC, "this runc takes no flags");
	json_each(flag, flags) {
		if (!flag_is_known(flag->text, build->runtime == OCI_CRUN))
			return hr_fail(build->err, HR_SPEC, "an unknown flag");
	}
	return 0;
}

/* runc converts the whole document first: a bad word anywhere is an error, in a rule for
 * an unknown call too. Its agent cannot be told of NOTIFY by write(2). */
static int check_runc(const struct build *build)
{
	const struct document *document = build->document;
	uint32_t action;

	if (strcmp(document->default_action, "SCMP_ACT_NOTIFY") == 0)
		return hr_fail(build->err, HR_SPEC, "NOTIFY as the default");
	for (size_t i = 0; i < document->count; i++) {
		const struct entry *entry = &document->entries[i];
		enum scmp_compare op;

		if (action_of(entry->action, 0, &action) < 0)
			return hr_fail(build->err, HR_SPEC, "a bad action");
		for (size_t k = 0; json_count(entry->names) > 0 && k < entry->count; k++) {
			if (operator_of(entry->conditions[k].op, &op) < 0)
				return hr_fail(build->err, HR_SPEC, "a bad operator");
		}
		if (action == SCMP_ACT_NOTIFY && json_has_string(entry->names, "write"))
			return hr_fail(build->err, HR_SPEC, "NOTIFY for write");
		if (action != build->default_action && json_has_string(entry->names, ""))
			return hr_fail(build->err, HR_SPEC, "an empty name");
	}
	return 0;
}

/* crun's reader wants every member that the specification does, and errnoRet only where
 * the action has one. */
static int check_crun(const struct build *build)
{
	const struct document *document = build->document;

	if (document->has_errno && !takes_errno(document->default_action))
		return hr_fail(build->err, HR_SPEC, "defaultErrnoRet for a default without one");
	for (size_t i = 0; i < document->count; i++) {
		const struct entry *entry = &document->entries[i];

		if (!entry->names || !entry->action || entry->errno_ret > UINT32_MAX)
			return hr_fail(build->err, HR_SPEC, "an entry that crun does not read");
		for (size_t k = 0; k < entry->count; k++) {
			if (!entry->conditions[k].whole || entry->conditions[k].index > UINT32_MAX)
				return hr_fail(build->err, HR_SPEC, "a condition it does not read");
		}
		if (entry->has_errno && !takes_errno(entry->action))
			return hr_fail(build->err, HR_SPEC, "errnoRet for an action without one");
	}
	return 0;
}

/* --- Architectures --------------------------------------------------------------------- */

/* crun spells them as libseccomp does, with or without the prefix, in any case. */
static unsigned crun_arch(const char *name)
{
	char lower[32] = {0};

	if (text_starts(name, "SCMP_ARCH_"))
		name += strlen("SCMP_ARCH_");
	for (size_t i = 0; name[i] != '\0' && i < sizeof(lower) - 1; i++)
		lower[i] = (char)tolower((unsigned char)name[i]);
	return seccomp_arch_resolve_name(lower);
}

static unsigned runc_arch(const char *name, enum oci_runtime runtime)
{
	/* 1.1.5 has no RISC-V. */
	return runtime == OCI_RUNC && strcmp(name, "SCMP_ARCH_RISCV64") == 0 ? 0 : stub_arch(name);
}

static int add_architectures(struct build *build)
{
	json_each(arch, build->document->architectures) {
		unsigned token = build->runtime == OCI_CRUN ? crun_arch(arch->text)
							    : runc_arch(arch->text, build->runtime);
		int rc = token ? seccomp_arch_add(build->context, token) : -EINVAL;

		if (rc < 0 && rc != -EEXIST)
			return hr_fail(build->err, HR_SPEC, "architecture %s: %s", arch->text,
				       strerrorname_np(-rc));
	}
	return 0;
}

/* --- The whole ------------------------------------------------------------------------- */

static size_t names_of(const struct document *document)
{
	size_t count = 0;

	for (size_t i = 0; i < document->count; i++)
		count += json_count(document->entries[i].names);
	return count;
}

/* The library's program behind what stands in `ret` already. */
static int export_bpf(scmp_filter_ctx context, struct oci_filter *ret, struct hr_error *err)
{
	hr_autoclose int fd = memfd_create("bpf", MFD_CLOEXEC);
	struct sock_filter *program;
	off_t size;
	int rc = fd < 0 ? -errno : seccomp_export_bpf(context, fd);

	if (rc < 0)
		return hr_fail(err, HR_SPEC, "exporting the program: %s", strerrorname_np(-rc));
	size = lseek(fd, 0, SEEK_CUR);
	program = realloc(ret->program, ret->len * sizeof(*program) + (size_t)size);
	if (!program)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	ret->program = program;
	if (pread(fd, &program[ret->len], (size_t)size, 0) != size)
		return hr_fail_errno(err, errno, "reading the program");
	ret->len += (size_t)size / sizeof(*program);
	return bpf_check(ret->program, ret->len, err);
}

static int finish(const struct build *build, struct oci_filter *ret)
{
	struct sock_filter stub[STUB_MAX];
	size_t len = 0;

	if (build->runtime == OCI_RUNC_1_2 && names_of(build->document) > OPTIMIZE_BEYOND)
		seccomp_attr_set(build->context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (build->runtime != OCI_CRUN)
		len = stub_make(build->document, build->runtime != OCI_RUNC, stub);
	ret->program = calloc(len + 1, sizeof(stub[0]));
	if (!ret->program)
		return hr_fail(build->err, HR_SYSTEM, "out of memory");
	memcpy(ret->program, stub, len * sizeof(stub[0]));
	ret->len = len;
	return export_bpf(build->context, ret, build->err);
}

static int make(struct build *build, struct oci_filter *ret)
{
	const struct document *document = build->document;
	bool crun = build->runtime == OCI_CRUN;

	if (action_of(document->default_action, document->has_errno ? document->errno_ret : EPERM,
		      &build->default_action) < 0)
		return hr_fail(build->err, HR_SPEC, "a bad default action");
	if (check_flags(build) < 0 || (crun ? check_crun(build) : check_runc(build)) < 0)
		return -1;
	build->context = seccomp_init(build->default_action);
	if (!build->context)
		return hr_fail(build->err, HR_SPEC, "the library takes no such default action");
	if (add_architectures(build) < 0)
		return -1;
	for (size_t i = 0; i < document->count; i++) {
		if (add_entry(build, &document->entries[i]) < 0)
			return -1;
	}
	return finish(build, ret);
}

int oci_compile(const struct document *document, enum oci_runtime runtime, struct oci_filter *ret,
		struct hr_error *err)
{
	struct build build = {.document = document, .runtime = runtime, .err = err};
	struct oci_filter filter = {0};
	int rc;

	/* runc: neither a default nor an entry is the same as no seccomp. */
	if (runtime != OCI_CRUN && !document->default_action && document->count == 0) {
		*ret = filter;
		return 0;
	}
	if (!document->default_action)
		return hr_fail(err, HR_SPEC, "no default action");
	rc = make(&build, &filter);
	if (build.context)
		seccomp_release(build.context);
	if (rc < 0) {
		oci_free(&filter);
		return rc;
	}
	*ret = filter;
	return 0;
}

void oci_free(struct oci_filter *filter)
{
	free(filter->program);
	*filter = (struct oci_filter){0};
}
