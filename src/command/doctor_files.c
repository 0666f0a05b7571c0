/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: hardrun's own files: policy, records, audit log, programs. */
#include "base/cleanup.h"
#include "base/file.h"
#include "command/doctor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#define LEAST_BYTES ((unsigned long long)256 * 1024) /* of a file system that lines go to */

/* ---- policy ---------------------------------------------------------------------------- */

/* A directory of the policy and the files in it. */
static void trust_directory(const char *path, struct findings *to)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		text_auto struct text file = {0};

		text_addf(&file, "%s/%s", path, entry->d_name);
		if (entry->d_name[0] != '.' && !file.failed)
			doctor_trust(to, SEVERITY_ERROR, file.data, "a file of the policy");
	}
	if (dir)
		closedir(dir);
}

static size_t trust_policy(struct findings *to)
{
	size_t before = to->len;

	doctor_trust(to, SEVERITY_ERROR, HR_CONFDIR, "the policy");
	trust_directory(HR_CONFDIR, to);
	trust_directory(HR_CONFDIR "/policy.d", to);
	trust_directory(HR_CONFDIR "/seccomp", to);
	trust_directory(HR_CONFDIR "/keys", to);
	return to->len - before;
}

/* "FILE:LINE:COLUMN: what" or "FILE: what" in parts; the file's name is cut off with a NUL. */
static const char *take_place(char *line, unsigned *ret_line)
{
	char *end = strstr(line, ": "), *at = line + strcspn(line, ":"), *number_end;

	*ret_line = 0;
	if (!end)
		return line;
	if (at < end) {
		*ret_line = (unsigned)strtoul(at + 1, &number_end, 10);
		*at = '\0';
	}
	*end = '\0';
	return end + 2;
}

/* A mistake may be found by several ways and is said once. */
static bool said_before(const struct findings *findings, unsigned line, const char *what)
{
	for (size_t i = 0; i < findings->len; i++)
		if (findings->all[i].line == line && findings->all[i].evidence.data &&
		    strcmp(findings->all[i].evidence.data, what) == 0)
			return true;
	return false;
}

static void find_mistake(const char *text, struct findings *to)
{
	hr_autofree char *line = strdup(text);
	struct finding *finding;
	const char *what;
	unsigned number;

	if (!line)
		return;
	what = take_place(line, &number);
	if (said_before(to, number, what))
		return;
	if (what == line) {
		finding = doctor_find(to, "policy.mistake", SEVERITY_ERROR, HR_CONFDIR, 0);
		text_adds(&finding->subject, HR_CONFDIR);
	} else {
		finding = doctor_find(to, "policy.mistake", SEVERITY_ERROR, line, number);
		doctor_show(&finding->subject, line);
	}
	text_adds(&finding->evidence, what);
	text_adds(&finding->remedy, "Edit ");
	text_adds(&finding->remedy, line[0] == '/' ? line : HR_CONFDIR);
	if (number)
		text_addf(&finding->remedy, ", line %u", number);
	text_adds(&finding->remedy, " until this says good: hardrun check");
}

static void find_mistakes(const struct node *node, bool loose, struct findings *to)
{
	hr_autofree char *copy = node->mistakes.len ? strdup(node->mistakes.data) : NULL;
	char *rest = copy, *line;

	while (rest && (line = strsep(&rest, "\n"))) {
		if (!line[0] || (loose && strstr(line, "others than root can change")))
			continue;
		find_mistake(line, to);
	}
	if (node->policy_err.code != HR_OK && !(loose && node->policy_err.code == HR_UNTRUSTED))
		find_mistake(node->policy_err.msg, to);
}

void check_policy_files(const struct node *node, struct findings *to)
{
	struct finding *finding;
	size_t loose;

	if (!node->configured) {
		finding = doctor_find(to, "policy.built-in", SEVERITY_NOTE, HR_CONFDIR, 0);
		text_adds(&finding->subject, HR_CONFDIR);
		text_adds(&finding->evidence,
			  "is not there: the built-in profiles alone are used, and handlers but "
			  "hardrun have no runtime");
		text_adds(&finding->remedy,
			  "mkdir -p " HR_CONFDIR
			  "/runtimes && echo '{\"version\": 1}' > " HR_CONFDIR "/policy.json");
		return;
	}
	loose = trust_policy(to);
	if (faccessat(AT_FDCWD, HR_CONFDIR "/policy.json", F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno == ENOENT) {
		finding = doctor_find(to, "policy.missing", SEVERITY_ERROR,
				      HR_CONFDIR "/policy.json", 0);
		text_adds(&finding->subject, HR_CONFDIR);
		text_adds(&finding->evidence,
			  "policy.json is missing: without it every create is refused");
		text_adds(&finding->remedy, "echo '{\"version\": 1}' > " HR_CONFDIR "/policy.json");
		return;
	}
	find_mistakes(node, loose > 0, to);
}

/* ---- records and audit log ------------------------------------------------------------- */

/* Why nothing can be written to a directory or file that is there; NULL when it can. */
static const char *unwritable(const char *path, bool directory)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return hr_errno_text(errno);
	if (directory && !S_ISDIR(st.st_mode))
		return "is no directory";
	if (!directory && !S_ISREG(st.st_mode))
		return "is no regular file";
	return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) < 0 ? hr_errno_text(errno) : NULL;
}

static bool is_full(const char *path)
{
	struct statvfs fs;

	if (statvfs(path, &fs) < 0 || fs.f_blocks == 0)
		return false;
	return (unsigned long long)fs.f_bavail * fs.f_frsize < LEAST_BYTES ||
	       (fs.f_files > 0 && fs.f_favail == 0);
}

/* `path`, or the first directory above it that is there. */
static void nearest(const char *path, char ret[PATH_MAX])
{
	struct stat st;

	snprintf(ret, PATH_MAX, "%s", path);
	while (ret[0] && lstat(ret, &st) < 0 && strrchr(ret, '/'))
		*strrchr(ret, '/') = '\0';
	if (!ret[0])
		snprintf(ret, PATH_MAX, "/");
}

struct place {
	const char *id_broken, *id_full;
	enum severity severity;
	const char *what, *effect;
};

static void judge_place(const struct place *place, const char *path, bool directory,
			struct findings *to)
{
	const char *why = unwritable(path, directory);
	struct finding *finding;

	if (why) {
		finding = doctor_find(to, place->id_broken, place->severity, path, 0);
		doctor_show(&finding->subject, path);
		text_addf(&finding->evidence, "%s cannot be written: %s; %s", place->what, why,
			  place->effect);
		if (directory == (strcmp(why, "is no directory") == 0)) {
			text_adds(&finding->remedy, "mv ");
			doctor_word(&finding->remedy, path);
			text_adds(&finding->remedy, " ");
			doctor_word(&finding->remedy, path);
			text_adds(&finding->remedy, ".old");
		} else {
			text_adds(&finding->remedy,
				  "mount -o remount,rw \"$(findmnt -nro TARGET -T ");
			doctor_word(&finding->remedy, path);
			text_adds(&finding->remedy, ")\"");
		}
		return;
	}
	if (!is_full(path))
		return;
	finding = doctor_find(to, place->id_full, place->severity, path, 0);
	doctor_show(&finding->subject, path);
	text_addf(&finding->evidence,
		  "less than %llu KiB, or no inode, is left on its file system; %s",
		  LEAST_BYTES / 1024, place->effect);
	text_adds(&finding->remedy, "Free space there; what fills it: du -xah ");
	doctor_word(&finding->remedy, path);
	text_adds(&finding->remedy, " | sort -h | tail");
}

void check_state(const struct node *node, struct findings *to)
{
	static const char *const directories[] = {HR_STATEDIR "/records", HR_STATEDIR "/runtimes",
						  HR_STATEDIR "/stage", HR_STATEDIR};
	static const struct place place = {
		.id_broken = "state.unwritable",
		.id_full = "state.full",
		.severity = SEVERITY_ERROR,
		.what = "the directory of records",
		.effect = "create writes a record there and is refused without it",
	};
	char path[PATH_MAX];

	(void)node;
	for (size_t i = 0; i < hr_count(directories); i++)
		doctor_trust(to, SEVERITY_ERROR, directories[i], "the records of containers");
	/* The deepest that is there stands for those above it. */
	nearest(directories[0], path);
	judge_place(&place, path, true, to);
}

void check_audit_log(const struct node *node, struct findings *to)
{
	struct policy_audit audit = {.file = HR_AUDIT_FILE, .syslog = true};
	struct place place = {
		.id_broken = "audit.unwritable",
		.id_full = "audit.full",
		.severity = SEVERITY_WARNING,
		.what = "the audit log",
		.effect = "no line is written there",
	};
	char path[PATH_MAX];

	if (node->policy)
		policy_audit(node->policy, &audit);
	if (audit.required) {
		place.severity = SEVERITY_ERROR;
		place.effect = "the policy requires its lines, so every create and exec is refused";
	}
	if (!audit.file)
		return;
	doctor_trust(to, SEVERITY_WARNING, audit.file, "the audit log");
	nearest(audit.file, path);
	judge_place(&place, path, strcmp(path, audit.file) != 0, to);
}

/* ---- programs -------------------------------------------------------------------------- */

/* True for a program that the dynamic loader starts, or that no one can tell. */
static bool is_dynamic(const char *path)
{
	hr_autoclose int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	Elf64_Ehdr head;
	Elf64_Phdr part;

	if (fd < 0 || pread(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64)
		return false;
	for (size_t i = 0; i < head.e_phnum; i++)
		if (pread(fd, &part, sizeof(part), (off_t)(head.e_phoff + i * head.e_phentsize)) ==
			    (ssize_t)sizeof(part) &&
		    part.p_type == PT_INTERP)
			return true;
	return false;
}

static bool seen_before(const struct node *node, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (strcmp(node->handlers[j].program, node->handlers[i].program) == 0)
			return true;
	return false;
}

static void find_dynamic(const char *program, struct findings *to)
{
	struct finding *finding;

	if (!is_dynamic(program))
		return;
	finding = doctor_find(to, "program.dynamic", SEVERITY_WARNING, program, 0);
	doctor_show(&finding->subject, program);
	text_adds(&finding->evidence,
		  "is linked dynamically: containerd starts it with LD_LIBRARY_PATH ending in an "
		  "empty element, so that libraries are taken from the current directory");
	text_adds(&finding->remedy, "Build it as it comes (static), and install it again: "
				    "./configure && make && make install");
}

static void find_other(const struct node *node, const char *program, struct findings *to)
{
	struct finding *finding;
	struct stat st;

	if (stat(program, &st) < 0 ||
	    (st.st_dev == node->self_stat.st_dev && st.st_ino == node->self_stat.st_ino))
		return;
	finding = doctor_find(to, "program.other", SEVERITY_NOTE, program, 0);
	doctor_show(&finding->subject, program);
	text_adds(&finding->evidence, "is another file than ");
	doctor_show(&finding->evidence, node->self);
	text_adds(&finding->evidence, ", which was asked: another build may answer otherwise");
	text_adds(&finding->remedy, "ln -sfn ");
	doctor_word(&finding->remedy, node->self);
	text_adds(&finding->remedy, " ");
	doctor_word(&finding->remedy, program);
}

void check_programs(const struct node *node, struct findings *to)
{
	doctor_trust(to, SEVERITY_ERROR, node->self, "the program hardrun");
	find_dynamic(node->self, to);
	for (size_t i = 0; i < node->handlers_len; i++) {
		const char *program = node->handlers[i].program;
		char real[PATH_MAX];

		if (program[0] != '/' || seen_before(node, i))
			continue;
		doctor_trust(to, SEVERITY_ERROR, program, "a program that an engine starts");
		if (realpath(program, real) && strcmp(real, node->self) != 0) {
			find_dynamic(program, to);
			find_other(node, program, to);
		}
	}
}
