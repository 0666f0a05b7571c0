/* SPDX-License-Identifier: Apache-2.0 */
/* doctor's checks on nodes that are told, not looked at: kernels, versions, words of a shell. */
#include "command/doctor.h"

#include "unit.h"

TestSuite(doctor, .init = scratch_make, .fini = scratch_drop, .timeout = 60);

/* ---- versions -------------------------------------------------------------------------- */

static const struct {
	const char *text;
	int order; /* of it and 2.0.1 */
} versions[] = {
	{"1.6.20~ds1", -1},
	{"v1.7.24", -1},
	{"2.0", -1},
	{"2.0.0", -1},
	{"2.0.1", 0},
	{"v2.0.1-rc.1", 0},
	{"2.0.4", 1},
	{"2.1", 1},
	{"27.5.1", 1},
	{"2.0.10", 1},
	{"", 0},
	{"none", 0},
	{"7", 0},
	{"20.10.24+dfsg1, build 5d6db84", 1},
	{"2.0.x", -1},
};

static void check_versions(const __typeof__(versions[0]) *row, size_t i)
{
	cr_expect_eq(doctor_compare(row->text, 2, 0, 1), row->order, "row %zu: %s", i, row->text);
}
ROWS(doctor, versions)

/* ---- words of a shell ------------------------------------------------------------------ */

static const struct {
	const char *value, *word;
} words[] = {
	{"/usr/sbin/runc", "/usr/sbin/runc"},
	{"", "$''"},
	{"a b", "$'a\\x20b'"},
	{"$(id)", "$'$(id)'"},
	{"it's", "$'it\\x27s'"},
	{"back\\slash", "$'back\\x5cslash'"},
	{"\033[31m", "$'\\x1b[31m'"},
	{"-rf;x", "$'-rf;x'"},
};

static void check_words(const __typeof__(words[0]) *row, size_t i)
{
	text_auto struct text text = {0};

	doctor_word(&text, row->value);
	cr_expect_str_eq(text.data, row->word, "row %zu", i);
}
ROWS(doctor, words)

/* ---- kernels --------------------------------------------------------------------------- */

static const struct node_kernel sound = {
	.release = "6.1.0-28-amd64",
	.protected_symlinks = "1",
	.protected_hardlinks = "1",
	.core_pattern = "core",
	.bpf = "2",
	.ptrace = "1",
	.userns = "65536",
	.seccomp = "kill_process kill_thread trap errno user_notif trace log allow",
	.lsm = "lockdown,capability,yama,apparmor",
};

#define FIELD(name) offsetof(struct node_kernel, name)

static const struct {
	size_t field;
	const char *value;
	const char *id; /* NULL: nothing is found */
} kernels[] = {
	{FIELD(release), "5.12.0", NULL},
	{FIELD(release), "5.12", NULL},
	{FIELD(release), "5.15.167.4-microsoft-standard-WSL2", NULL},
	{FIELD(release), "10.0.0", NULL},
	{FIELD(release), "5.11.22", "kernel.version"},
	{FIELD(release), "5.4.0-200-generic", "kernel.version"},
	{FIELD(release), "4.18.0-553.el8.x86_64", "kernel.version"},
	{FIELD(protected_symlinks), "0", "kernel.protected-symlinks"},
	{FIELD(protected_symlinks), "", NULL},
	{FIELD(protected_hardlinks), "0", "kernel.protected-hardlinks"},
	{FIELD(bpf), "0", "kernel.unprivileged-bpf"},
	{FIELD(bpf), "1", NULL},
	{FIELD(bpf), "", NULL}, /* CONFIG_BPF_SYSCALL is off */
	{FIELD(core_pattern), "/var/crash/core.%p", NULL},
	{FIELD(core_pattern), "|/bin/true %p", NULL},
	{FIELD(core_pattern), "|/none/there %p", "kernel.core-pattern"},
	{FIELD(core_pattern), "|relative %p", "kernel.core-pattern"},
	{FIELD(core_pattern), "|", "kernel.core-pattern"},
	{FIELD(core_pattern), "|/usr", "kernel.core-pattern"},
	{FIELD(seccomp), "", "kernel.seccomp"},
	{FIELD(seccomp), "kill_process allow", "kernel.seccomp"},
};

static void check_kernels(const __typeof__(kernels[0]) *row, size_t i)
{
	struct node node = {.kernel = sound};
	struct findings findings = {0};

	snprintf((char *)&node.kernel + row->field, 16 + strlen(row->value), "%s", row->value);
	check_kernel(&node, &findings);
	cr_assert_eq(findings.len, row->id ? 1 : 0, "row %zu: %zu findings", i, findings.len);
	if (row->id) {
		cr_expect_str_eq(findings.all[0].id, row->id, "row %zu", i);
		cr_expect(findings.all[0].severity < SEVERITY_NOTE);
		cr_expect(findings.all[0].subject.len > 0 && findings.all[0].evidence.len > 0 &&
			  findings.all[0].remedy.len > 0);
	}
	check_kernel_notes(&node, &findings);
	for (size_t j = row->id ? 1 : 0; j < findings.len; j++)
		cr_expect_eq(findings.all[j].severity, SEVERITY_NOTE);
	findings_free(&findings);
}
ROWS(doctor, kernels)

/* ---- who can change a file ------------------------------------------------------------- */

Test(doctor, trust)
{
	struct findings findings = {0};
	char file[PATH_MAX + 16];

	snprintf(file, sizeof(file), "%s/a", scratch);
	cr_assert_eq(mkdir(file, 0755), 0);
	snprintf(file, sizeof(file), "%s/a/b", scratch);
	cr_assert_eq(mkdir(file, 0777), 0);
	cr_assert_eq(chmod(file, 0775), 0);
	snprintf(file, sizeof(file), "%s/a/../a/./b/none", scratch);
	cr_expect(doctor_trust(&findings, SEVERITY_ERROR, file, "it"));
	cr_expect(doctor_trust(&findings, SEVERITY_ERROR, file, "it"));
	cr_assert_eq(findings.len, 1, "one component is one finding");
	snprintf(file, sizeof(file), "%s/a/b", scratch);
	cr_expect_str_eq(findings.all[0].file.data, file);
	cr_expect(text_starts(findings.all[0].remedy.data, "chmod go-w /"));
	cr_expect_not(doctor_trust(&findings, SEVERITY_ERROR, "/usr/bin/env", "it"));
	cr_expect_not(doctor_trust(&findings, SEVERITY_ERROR, "relative", "it"));
	findings_free(&findings);
}
