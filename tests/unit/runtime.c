/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime behind a handler, what it is, and what it keeps. Needs root (trust). */
#include "host/runtime.h"

#include "base/text.h"
#include "json/edit.h"
#include "load.h"
#include "unit.h"

#include <dirent.h>
#include <sys/mount.h>

TestSuite(runtime, .init = scratch_make, .fini = scratch_drop, .timeout = 60);

static const struct {
	const char *path;
	enum runtime_kind kind; /* RUNTIME_KINDS: refused */
} paths[] = {
	{"/usr/sbin/runc", RUNTIME_RUNC},
	{"/usr/bin/crun", RUNTIME_CRUN},
	{"/usr/local/bin/runsc", RUNTIME_RUNSC},
	{"/opt/x/runc-1.3.0", RUNTIME_RUNC},
	{"/opt/x/crun-wasm", RUNTIME_CRUN},
	{"/opt/x/runsc.new", RUNTIME_RUNSC},
	{"/runc", RUNTIME_RUNC},
	{"/runc/other", RUNTIME_KINDS},
	{"/usr/bin/youki", RUNTIME_KINDS},
	{"/usr/bin/nvidia-container-runtime", RUNTIME_KINDS},
	{"/usr/bin/hardrun", RUNTIME_KINDS},
	{"/usr/bin/my-runc", RUNTIME_KINDS},
	{"/usr/bin/RUNC", RUNTIME_KINDS},
	{"/usr/bin/run", RUNTIME_KINDS},
	{"/usr/bin/", RUNTIME_KINDS},
	{"runc", RUNTIME_KINDS},
	{"./runc", RUNTIME_KINDS},
	{"../sbin/runc", RUNTIME_KINDS},
	{"", RUNTIME_KINDS},
};

static void check_paths(const __typeof__(paths[0]) *row, size_t i)
{
	struct runtime runtime;
	struct hr_error err = {0};
	int result = runtime_at(row->path, &runtime, &err);

	if (row->kind == RUNTIME_KINDS) {
		expect_error(result, &err, HR_POLICY, "runtime \"");
		return;
	}
	cr_assert_eq(result, 0, "row %zu: %s", i, err.msg);
	cr_expect_eq(runtime.kind, row->kind, "row %zu", i);
	cr_expect_str_eq(runtime.path, row->path);
}
ROWS(runtime_at, paths)

Test(runtime, long_path)
{
	char path[PATH_MAX + 10];
	struct runtime runtime;
	struct hr_error err = {0};

	memset(path, '/', PATH_MAX);
	strcpy(path + PATH_MAX, "/runc");
	expect_error(runtime_at(path, &runtime, &err), &err, HR_POLICY, "absolute path");
}

/* Handlers and their links. `target` NULL: no link. */
static const struct {
	const char *handler, *target;
	enum hr_code code;
	const char *result; /* path, or words of the message */
} handlers[] = {
	{"hardrun", NULL, HR_OK, "/usr/sbin/runc"},
	{"hardrun", "/opt/crun", HR_OK, "/opt/crun"},
	{"hardrun-web", "/opt/runsc-2", HR_OK, "/opt/runsc-2"},
	{"hardrun-web", NULL, HR_POLICY, "handler \"hardrun-web\" names no runtime"},
	{"hardrun-web", NULL, HR_POLICY, "ln -s /usr/sbin/runc "},
	{"runc", NULL, HR_POLICY, "handler \"runc\" names no runtime"},
	{"hardrun-web", "runc", HR_POLICY, "absolute path"},
	{"hardrun-web", "../../runc", HR_POLICY, "absolute path"},
	{"hardrun-web", "/usr/bin/youki", HR_POLICY, "must begin with runc, crun or runsc"},
	{"hardrun-web", "/usr/bin/youki", HR_POLICY, "runtimes/hardrun-web"},
	{"", NULL, HR_USAGE, "no name of a handler"},
	{".", NULL, HR_USAGE, "no name of a handler"},
	{"..", NULL, HR_USAGE, "no name of a handler"},
	{".hidden", NULL, HR_USAGE, "no name of a handler"},
	{"a/b", NULL, HR_USAGE, "no name of a handler"},
	{"a b", NULL, HR_USAGE, "no name of a handler"},
	{"a\nb", NULL, HR_USAGE, "no name of a handler"},
	{"h\xC3\xA9", NULL, HR_USAGE, "no name of a handler"},
	{"hardrun-0123456789012345678901234567890123456789012345678901234567", NULL, HR_USAGE,
	 "no name of a handler"},
};

static void check_handlers(const __typeof__(handlers[0]) *row, size_t i)
{
	struct runtime runtime;
	struct hr_error err = {0};
	char link[128];
	int result;

	scratch_make();
	make_dir("runtimes", 0755, getuid(), getgid());
	snprintf(link, sizeof(link), "runtimes/%s", row->handler);
	if (row->target)
		make_link(link, row->target);
	result = runtime_find(scratch, row->handler, &runtime, &err);
	if (row->code == HR_OK) {
		cr_assert_eq(result, 0, "row %zu: %s", i, err.msg);
		cr_expect_str_eq(runtime.path, row->result);
	} else {
		expect_error(result, &err, row->code, row->result);
	}
	scratch_drop();
}
ROWS(runtime_find, handlers)

/* A file in the place of the link is no link. */
Test(runtime, file_in_place_of_the_link)
{
	struct runtime runtime;
	struct hr_error err = {0}, other = {0};

	make_dir("runtimes", 0755, getuid(), getgid());
	make_file("runtimes/hardrun", "/usr/sbin/runc");
	expect_error(runtime_find(scratch, "hardrun", &runtime, &err), &err, HR_POLICY,
		     "handler \"hardrun\" names no runtime");
	expect_error(runtime_find(in_scratch("runtimes/hardrun"), "hardrun", &runtime, &other),
		     &other, HR_POLICY, "names no runtime");
}

static int trust(const char *path, struct hr_error *err)
{
	struct runtime runtime = {.kind = RUNTIME_RUNC};

	snprintf(runtime.path, sizeof(runtime.path), "%s", path);
	*err = (struct hr_error){0};
	return runtime_trust(&runtime, err);
}

Test(runtime, trust)
{
	struct hr_error err;
	char self[PATH_MAX] = "";
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	need_root();
	cr_assert(len > 0);
	make_file("runc", "#!/bin/sh\n");
	cr_assert_eq(chmod(in_scratch("runc"), 0755), 0);
	make_link("runc-link", "runc");
	make_link("runc-self", self);
	make_dir("runc-dir", 0755, 0, 0);
	make_dir("user", 0755, 1000, 0);
	make_link("user/runc", in_scratch("runc"));
	cr_expect_ok(trust(in_scratch("runc"), &err), err);
	cr_expect_ok(trust(in_scratch("runc-link"), &err), err);
	expect_error(trust(in_scratch("gone"), &err), &err, HR_SYSTEM, "missing");
	expect_error(trust(in_scratch("runc-dir"), &err), &err, HR_POLICY, "is not a program");
	expect_error(trust(in_scratch("user/runc"), &err), &err, HR_UNTRUSTED, "\"user\"");
	expect_error(trust("/proc/self/exe", &err), &err, HR_POLICY, "is hardrun itself");
	cr_expect_eq(trust(in_scratch("runc-self"), &err), -1);
	cr_assert_eq(chown(in_scratch("runc"), 1000, 0), 0);
	expect_error(trust(in_scratch("runc-link"), &err), &err, HR_UNTRUSTED, "\"runc\"");
	cr_assert_eq(chown(in_scratch("runc"), 0, 0), 0);
	cr_assert_eq(chmod(in_scratch("runc"), 0757), 0);
	expect_error(trust(in_scratch("runc"), &err), &err, HR_UNTRUSTED, "\"runc\"");
}

/* A runtime that writes down how often it was asked. */
static void make_runtime(const char *version, const char *features)
{
	char text[PATH_MAX * 3];

	snprintf(text, sizeof(text),
		 "#!/bin/sh\necho \"$1\" >> %s/asked\ncase $1 in\n--version) %s ;;\nfeatures) %s "
		 ";;\n*) exit 3 ;;\nesac\n",
		 scratch, version, features);
	make_file("runc", text);
	cr_assert_eq(chmod(in_scratch("runc"), 0755), 0);
}

static unsigned times_asked(void)
{
	hr_autofree char *text = text_of("asked");
	unsigned lines = 0;

	for (const char *c = text; c && *c; c++)
		lines += *c == '\n';
	return lines;
}

/* The facts that are the runtime's own as compact JSON, or the error's text. */
static char *facts(enum hr_code *ret_code)
{
	json_auto struct json_doc *doc = NULL;
	static const char *const added[] = {"package", "package_seen", "cves"};
	struct runtime runtime = {.kind = RUNTIME_RUNC};
	struct hr_error err = {0};

	snprintf(runtime.path, sizeof(runtime.path), "%s", in_scratch("runc"));
	if (runtime_facts(&runtime, in_scratch("state"), &doc, &err) < 0) {
		expect_no_trap(err.msg);
		*ret_code = err.code;
		return strdup(err.msg);
	}
	*ret_code = HR_OK;
	cr_expect_str_eq(json_string(json_root(doc), "package"), "");
	for (size_t i = 0; i < hr_count(added); i++)
		json_remove(json_root(doc), json_get(json_root(doc), added[i]));
	return load_dump(json_root(doc));
}

#define FACTS                                                                    \
	"{\"version\":\"runc version 9\",\"unsafe_annotations\":[\"a.\",\"b\"]," \
	"\"seccomp\":[\"SCMP_ACT_NOTIFY\"]}"
#define FEATURES                                                                \
	"echo '{\"potentiallyUnsafeConfigAnnotations\":[\"a.\",\"b\"],\"x\":1," \
	"\"linux\":{\"seccomp\":{\"actions\":[\"SCMP_ACT_LOG\",\"SCMP_ACT_NOTIFY\"]}}}'"
#define NOTHING "\"unsafe_annotations\":[],\"seccomp\":[]}"

static const struct {
	const char *version, *features;
	enum hr_code code;
	const char *result; /* the facts, or words of the message */
} answers[] = {
	{"echo runc version 9; echo spec: 1.2", FEATURES, HR_OK, FACTS},
	{"echo crun version 1", "exit 1", HR_OK, "{\"version\":\"crun version 1\"," NOTHING},
	{"echo runc version 9", "echo '{}'", HR_OK, "{\"version\":\"runc version 9\"," NOTHING},
	{"echo runc version 9",
	 "echo '{\"linux\":{\"seccomp\":{\"supportedFlags\":[\"SECCOMP_FILTER_FLAG_TSYNC\","
	 "\"SECCOMP_FILTER_FLAG_LOG\"],\"actions\":[]}}}'",
	 HR_OK,
	 "{\"version\":\"runc version 9\",\"unsafe_annotations\":[],"
	 "\"seccomp\":[\"SECCOMP_FILTER_FLAG_LOG\"]}"},
	{"echo runc version 9", "echo '{\"linux\":[]}'", HR_OK,
	 "{\"version\":\"runc version 9\"," NOTHING},
	{"echo runc version 9; echo noise >&2", FEATURES "; echo noise >&2", HR_OK, FACTS},
	{"echo", "echo '{}'", HR_OK, "{\"version\":\"\"," NOTHING},
	{"exit 1", FEATURES, HR_POLICY, "--version failed"},
	{"kill -9 $$", FEATURES, HR_POLICY, "--version failed"},
	{"echo runc version 9", "echo no json", HR_SPEC, "features:1:"},
	{"echo runc version 9", "echo '{\"a\":1,\"a\":2}'", HR_SPEC, "stands twice"},
	{"head -c 300000 /dev/zero", FEATURES, HR_SYSTEM, "more than 262144 bytes"},
};

static void check_answers(const __typeof__(answers[0]) *row, size_t i)
{
	hr_autofree char *got = NULL;
	enum hr_code code;

	need_root();
	scratch_make();
	make_runtime(row->version, row->features);
	got = facts(&code);
	cr_expect_eq(code, row->code, "row %zu: %s", i, got);
	if (row->code == HR_OK)
		cr_expect_str_eq(got, row->result, "row %zu: %s", i, got);
	else
		cr_expect_not_null(strstr(got, row->result), "row %zu: %s", i, got);
	scratch_drop();
}
ROWS(runtime_facts, answers)

/* A version that is no UTF-8 is kept out of the record and the audit line, which are JSON. */
Test(runtime, version_of_odd_bytes)
{
	hr_autofree char *got = NULL;
	enum hr_code code;

	need_root();
	make_runtime("printf 'runc \\377\\n'", FEATURES);
	got = facts(&code);
	cr_expect(code != HR_OK || strspn(got, " !\"#$%&'()*+,-./0123456789:;<=>?@"
					       "ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
					       "abcdefghijklmnopqrstuvwxyz{|}~") == strlen(got),
		  "%s", got);
}

static void expect_facts(void)
{
	hr_autofree char *got = NULL;
	enum hr_code code;

	got = facts(&code);
	cr_expect_str_eq(got, FACTS, "%s", got);
}

Test(runtime, facts_are_kept)
{
	struct timespec later[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};

	need_root();
	make_runtime("echo runc version 9", FEATURES);
	expect_facts();
	cr_expect_eq(times_asked(), 2);
	expect_facts();
	expect_facts();
	cr_expect_eq(times_asked(), 2);
	/* another program in its place: asked anew */
	cr_assert_eq(utimensat(AT_FDCWD, in_scratch("runc"), later, 0), 0);
	expect_facts();
	cr_expect_eq(times_asked(), 4);
	rename(in_scratch("runc"), in_scratch("old"));
	make_runtime("echo runc version 9", FEATURES);
	cr_assert_eq(utimensat(AT_FDCWD, in_scratch("runc"), later, 0), 0);
	expect_facts();
	cr_expect_eq(times_asked(), 6);
}

/* Change the one cache file. */
static void with_cache(void (*change)(const char *path))
{
	DIR *dir = opendir(in_scratch("state/runtimes"));
	char path[PATH_MAX * 2];

	cr_assert_not_null(dir);
	for (const struct dirent *entry; (entry = readdir(dir));) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", in_scratch("state/runtimes"), entry->d_name);
		change(path);
	}
	closedir(dir);
}

static void spoil(const char *path)
{
	hr_autoclose int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	cr_assert_eq(write(fd, "{\"ver", 5), 5);
}

static void forge(const char *path)
{
	hr_autoclose int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	cr_assert_eq(write(fd, "{\"unsafe_annotations\":[]}", 25), 25);
	cr_assert_eq(chown(path, 1000, 1000), 0);
}

static void replace_by_link(const char *path)
{
	make_file("forged", "{\"unsafe_annotations\":[]}");
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(symlink(in_scratch("forged"), path), 0);
}

/* What is not ours, or was cut, is not believed. */
Test(runtime, unsound_cache)
{
	void (*const changes[])(const char *) = {spoil, forge, replace_by_link};

	need_root();
	make_runtime("echo runc version 9", FEATURES);
	expect_facts();
	for (size_t i = 0; i < hr_count(changes); i++) {
		with_cache(changes[i]);
		expect_facts();
		cr_expect_eq(times_asked(), 4 + 2 * i);
	}
}

static void without_package(const char *path)
{
	static const char old[] = "{\"version\":\"runc version 1.1.5\"," NOTHING;
	hr_autoclose int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	cr_assert_eq(write(fd, old, strlen(old)), (ssize_t)strlen(old));
}

/* What an older hardrun kept is good as far as it goes; escapes are never taken from there. */
Test(runtime, older_cache)
{
	json_auto struct json_doc *doc = NULL;
	struct runtime runtime = {.kind = RUNTIME_RUNC};
	hr_autofree char *got = NULL;
	struct hr_error err = {0};

	need_root();
	make_runtime("echo runc version 9", FEATURES);
	expect_facts();
	with_cache(without_package);
	snprintf(runtime.path, sizeof(runtime.path), "%s", in_scratch("runc"));
	cr_assert_ok(runtime_facts(&runtime, in_scratch("state"), &doc, &err), err);
	cr_expect_eq(times_asked(), 2);
	cr_expect_str_eq(json_string(json_root(doc), "version"), "runc version 1.1.5");
	cr_expect_str_eq(json_string(json_root(doc), "package"), "");
	got = load_dump(json_get(json_root(doc), "cves"));
	cr_expect_str_eq(got, "[\"CVE-2024-21626\",\"CVE-2025-31133\",\"CVE-2025-52565\","
			      "\"CVE-2025-52881\",\"CVE-2026-41579\",\"CVE-2026-119101\"]");
}

static void without_seccomp(const char *path)
{
	static const char old[] = "{\"version\":\"runc version 8\",\"unsafe_annotations\":[]}";
	hr_autoclose int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	cr_assert_eq(write(fd, old, strlen(old)), (ssize_t)strlen(old));
}

/* An upgrade need not wait for the next boot: what is not there is asked for. */
Test(runtime, much_older_cache)
{
	need_root();
	make_runtime("echo runc version 9", FEATURES);
	expect_facts();
	with_cache(without_seccomp);
	expect_facts();
	cr_expect_eq(times_asked(), 4);
	expect_facts();
	cr_expect_eq(times_asked(), 4);
}

static const struct {
	enum runtime_kind kind;
	const char *version;
	bool can;
} filters[] = {
	{RUNTIME_CRUN, "crun version 1.8.1", true},
	{RUNTIME_CRUN, "crun version 1.6", true},
	{RUNTIME_CRUN, "crun version 1.14.3-dirty", true},
	{RUNTIME_CRUN, "crun version 2.0", true},
	{RUNTIME_CRUN, "crun version 1.5.9", false},
	{RUNTIME_CRUN, "crun version 0.20", false},
	{RUNTIME_CRUN, "crun version UNKNOWN", false},
	{RUNTIME_RUNC, "crun version 1.8.1", false},
	{RUNTIME_RUNSC, "crun version 1.8.1", false},
	{RUNTIME_RUNSC, "runsc version 1.0", false},
};

/* crun does not say what it can do with a filter. */
static void check_filters(const __typeof__(filters[0]) *row, size_t i)
{
	json_auto struct json_doc *doc = NULL;
	struct runtime runtime = {.kind = row->kind};
	hr_autofree char *got = NULL;
	struct hr_error err = {0};
	char version[64];

	(void)i;
	need_root();
	scratch_make();
	snprintf(version, sizeof(version), "echo %s", row->version);
	make_runtime(version, "exit 1");
	snprintf(runtime.path, sizeof(runtime.path), "%s", in_scratch("runc"));
	cr_assert_ok(runtime_facts(&runtime, in_scratch("state"), &doc, &err), err);
	got = load_dump(json_get(json_root(doc), "seccomp"));
	cr_expect_str_eq(got, row->can ? "[\"SECCOMP_FILTER_FLAG_LOG\",\"SCMP_ACT_NOTIFY\"]" : "[]",
			 "%s: %s", row->version, got);
	scratch_drop();
}
ROWS(runtime_facts, filters)

Test(runtime, no_cache)
{
	need_root();
	make_runtime("echo runc version 9", FEATURES);
	make_file("state", "a file");
	expect_facts();
	expect_facts();
	cr_expect_eq(times_asked(), 4);
}

Test(runtime, facts_of_a_missing_one)
{
	hr_autofree char *got = NULL;
	enum hr_code code;

	got = facts(&code);
	cr_expect_eq(code, HR_SYSTEM);
	cr_expect_not_null(strstr(got, "missing"), "%s", got);
}

/* One that never answers is left after five seconds. */
Test(runtime, facts_of_a_slow_one)
{
	hr_autofree char *got = NULL;
	enum hr_code code;

	need_root();
	make_runtime("exec sleep 40", FEATURES);
	got = facts(&code);
	cr_expect_eq(code, HR_SYSTEM);
	cr_expect_not_null(strstr(got, "no answer within 5000 ms"), "%s", got);
}

/* What the runtimes keep below their root. */
static const struct {
	const char *file; /* below the root; a '/' at its end: a directory */
	enum runtime_kind kind;
} states[] = {
	{"c1/state.json", RUNTIME_RUNC},
	{"c1/status", RUNTIME_CRUN},
	{"c1_sandbox:c1.state", RUNTIME_RUNSC},
	{"c1_sandbox:pod-7.state", RUNTIME_RUNSC},
	{"c1/", RUNTIME_KINDS},
	{"c1/other", RUNTIME_KINDS},
	{"c2/state.json", RUNTIME_KINDS},
	{"c11_sandbox:c1.state", RUNTIME_KINDS},
	{"c1_sandbox:c1.lock", RUNTIME_KINDS},
	{"c1.state", RUNTIME_KINDS},
	{"c1_sandboxes.state", RUNTIME_KINDS},
	{"xc1_sandbox:c1.state", RUNTIME_KINDS},
};

static void make_state(const char *file, const char *text)
{
	char path[128];
	char *slash;

	snprintf(path, sizeof(path), "root/%s", file);
	slash = strchr(path + 5, '/');
	if (slash) {
		*slash = '\0';
		make_dir(path, 0700, getuid(), getgid());
		*slash = '/';
	}
	if (!slash || slash[1])
		make_file(path, text);
}

static void check_states(const __typeof__(states[0]) *row, size_t i)
{
	scratch_make();
	make_dir("root", 0700, getuid(), getgid());
	make_state(row->file, "{}");
	cr_expect_eq(runtime_state_kind(in_scratch("root"), "c1"), row->kind, "row %zu: %s", i,
		     row->file);
	cr_expect_eq(runtime_state_kind(in_scratch("gone"), "c1"), RUNTIME_KINDS);
	scratch_drop();
}
ROWS(runtime_state, states)

static const struct {
	enum runtime_kind kind;
	const char *file, *text;
	enum hr_code code;
	const char *result; /* the bundle, or words */
} bundles[] = {
	{RUNTIME_RUNC, "c1/state.json",
	 "{\"config\":{\"labels\":[\"x=y\",\"bundle=/annotation\",\"bundle=/b/c1\"]}}", HR_OK,
	 "/b/c1"},
	{RUNTIME_CRUN, "c1/status", "{\"bundle\":\"/b/c1\"}", HR_OK, "/b/c1"},
	{RUNTIME_RUNSC, "c1_sandbox:p.state", "{\"bundleDir\":\"/b/c1\"}", HR_OK, "/b/c1"},
	{RUNTIME_RUNC, "c1/state.json", "{\"config\":{\"labels\":[7,null]}}", HR_SPEC,
	 "names no bundle"},
	{RUNTIME_RUNC, "c1/state.json", "{}", HR_SPEC, "names no bundle"},
	{RUNTIME_RUNC, "c1/state.json", "{\"config\":{\"labels\":[\"bundle=b/c1\"]}}", HR_SPEC,
	 "names no bundle"},
	{RUNTIME_CRUN, "c1/status", "{\"bundle\":7}", HR_SPEC, "names no bundle"},
	{RUNTIME_CRUN, "c1/status", "{\"bundle\":\"\"}", HR_SPEC, "names no bundle"},
	{RUNTIME_CRUN, "c1/status", "{\"bundle\":", HR_SPEC, "not JSON"},
	{RUNTIME_CRUN, "c1/state.json", "{\"bundle\":\"/b\"}", HR_SYSTEM, "missing"},
	{RUNTIME_RUNSC, "c1/state.json", "{}", HR_SYSTEM, "missing"},
};

static void check_bundles(const __typeof__(bundles[0]) *row, size_t i)
{
	char bundle[PATH_MAX] = "unset";
	struct hr_error err = {0};
	int result;

	scratch_make();
	make_dir("root", 0700, getuid(), getgid());
	make_state(row->file, row->text);
	result = runtime_state_bundle(row->kind, in_scratch("root"), "c1", bundle, &err);
	if (row->code == HR_OK) {
		cr_expect_eq(result, 0, "row %zu: %s", i, err.msg);
		cr_expect_str_eq(bundle, row->result);
	} else {
		expect_error(result, &err, row->code, row->result);
	}
	scratch_drop();
}
ROWS(runtime_bundle, bundles)

static const struct {
	const char *id;
	bool sound;
} ids[] = {
	{"a", true},	 {"A9_+.-", true},  {"create", true},
	{"...", true},	 {".hidden", true}, {"-x", true},
	{"", false},	 {".", false},	    {"..", false},
	{"a/b", false},	 {"../x", false},   {"a b", false},
	{"a:b", false},	 {"a\nb", false},   {"caf\xC3\xA9", false},
	{"a\\b", false}, {"a%b", false},    {"a@b", false},
};

static void check_ids(const __typeof__(ids[0]) *row, size_t i)
{
	cr_expect_eq(runtime_id_sound(row->id), row->sound, "row %zu: %s", i, row->id);
}
ROWS(runtime_id, ids)

Test(runtime, long_id)
{
	char id[1030];

	memset(id, 'i', sizeof(id));
	id[1024] = '\0';
	cr_expect(runtime_id_sound(id));
	id[1024] = 'i';
	id[1025] = '\0';
	cr_expect_not(runtime_id_sound(id));
}

Test(runtime, defaults)
{
	struct runtime runtime;

	cr_expect_str_eq(runtime_default_root(RUNTIME_RUNC), "/run/runc");
	cr_expect_str_eq(runtime_default_root(RUNTIME_CRUN), "/run/crun");
	cr_expect_str_eq(runtime_default_root(RUNTIME_RUNSC), "/var/run/runsc");
	for (unsigned kind = 0; kind < RUNTIME_KINDS; kind++)
		if (runtime_usual((enum runtime_kind)kind, &runtime)) {
			cr_expect_eq(runtime.kind, kind);
			cr_expect_eq(access(runtime.path, X_OK), 0);
		}
}
