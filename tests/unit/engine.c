/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration of an engine comes to, from several files. */
#include "engine/engine.h"

#include "unit.h"

#define CRI2 "plugins.\"io.containerd.grpc.v1.cri\".containerd"
#define CRI3 "plugins.\"io.containerd.cri.v1.runtime\".containerd"
#define RUNC "\"io.containerd.runc.v2\""

static struct engine *engine;
static struct hr_error err;

static void drop(void)
{
	engine_free(engine);
	scratch_drop();
}

static int read_engine(enum engine_kind kind, const char *name, const char *version)
{
	engine_free(engine);
	engine = NULL;
	err = (struct hr_error){0};
	return engine_read_as(kind, in_scratch(name), NULL, version, &engine, &err);
}

/* "NAME=BINARY:CGROUP ..." of all handlers, then "| DEFAULT". */
static const char *shown(void)
{
	static char text[1024];
	size_t len = 0;

	for (size_t i = 0; i < engine->handlers_len; i++) {
		const struct engine_handler *handler = &engine->handlers[i];

		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s=%s:%d ", handler->name,
					handler->binary ? handler->binary : "",
					handler->systemd_cgroup);
	}
	snprintf(text + len, sizeof(text) - len, "| %s", engine->default_handler);
	return text;
}

TestSuite(engine, .init = scratch_make, .fini = drop);

Test(engine, nothing_there)
{
	static const char *const built_in[ENGINE_KINDS] = {"runc=:-1 | runc", "crun=:-1 | crun",
							   "runc=:-1 | runc", NULL};

	for (unsigned kind = 0; kind < ENGINE_KINDS; kind++) {
		cr_assert_ok(read_engine((enum engine_kind)kind, "no", ""), err);
		cr_expect(kind == ENGINE_PODMAN || !engine->configured);
		if (built_in[kind])
			cr_expect_str_eq(shown(), built_in[kind]);
	}
}

Test(engine, containerd_of_version_2)
{
	make_file("c",
		  "version = 2\n[" CRI2 "]\ndefault_runtime_name = 'a'\n[" CRI2
		  ".runtimes.a]\nruntime_type = " RUNC "\n[" CRI2
		  ".runtimes.a.options]\nSystemdCgroup = true\nBinaryName = '/x/hardrun'\n[" CRI2
		  ".runtimes.b]\noptions = { SystemdCgroup = false, BinaryName = '' }\n");
	cr_assert_ok(read_engine(ENGINE_CONTAINERD, "c", "1.6.20"), err);
	cr_expect_str_eq(shown(), "a=/x/hardrun:1 b=:0 | a");
	cr_expect_eq(engine->layout, 2);
	cr_expect_eq(engine->handlers[0].line, 4);
	cr_expect_str_eq(engine->handlers[0].file, in_scratch("c"));
	cr_expect(engine->handlers[0].is_hardrun && !engine->handlers[1].is_hardrun);
}

Test(engine, containerd_1_imports_replace_a_plugin)
{
	make_dir("d", 0755, getuid(), getgid());
	make_file("c", "version = 2\nimports = ['d/*.toml']\n[" CRI2
		       ".runtimes.a]\n[plugins.x]\ny = 1\n");
	/* A pattern that is relative is containerd 1.x' working directory's. */
	cr_assert_ok(read_engine(ENGINE_CONTAINERD, "c", "1.7.24"), err);
	cr_expect_str_eq(shown(), "a=:-1 | runc");
	make_file("c", "version = 2\nimports = ['d/b.toml']\n[" CRI2
		       ".runtimes.a]\n[plugins.x]\ny = 1\n");
	make_file("d/b.toml", "version = 2\n[" CRI2 ".runtimes.b]\n");
	cr_assert_ok(read_engine(ENGINE_CONTAINERD, "c", "1.7.24"), err);
	cr_expect_str_eq(shown(), "b=:-1 | runc");
	cr_expect_not_null(json_path(engine->config, "plugins.x.y"));
	cr_expect_eq(engine->files_len, 2);
	cr_expect_str_eq(engine->handlers[0].file, in_scratch("d/b.toml"));
}

Test(engine, containerd_2_merges_by_key)
{
	make_dir("d", 0755, getuid(), getgid());
	make_file("c", "version = 3\nimports = ['d/*.toml']\n[" CRI3
		       ".runtimes.a]\nk = 1\nl = [1]\nm = [1]\n[" CRI3
		       ".runtimes.a.options]\nSystemdCgroup = true\n");
	make_file("d/2.toml", "version = 3\n[" CRI3 ".runtimes.a.options]\nBinaryName = '/2'\n");
	make_file("d/1.toml", "version = 3\n[" CRI3 ".runtimes.a.options]\nBinaryName = '/1'\n");
	make_file("d/5.toml", "version = 3\n[" CRI3 ".runtimes.a]\nl = []\nm = [2]\n");
	make_file("d/3.toml", "version = 2\n[" CRI2 ".runtimes.old]\n");
	make_file("d/4.conf", "not read\n");
	cr_assert_ok(read_engine(ENGINE_CONTAINERD, "c", "2.1.4"), err);
	cr_expect_str_eq(shown(), "a=/2:1 old=:-1 runc=:-1 | runc");
	cr_expect_eq(engine->files_len, 5);
	cr_expect_eq(json_count(json_get(engine->handlers[0].table, "l")), 1);
	cr_expect_str_eq(json_get(engine->handlers[0].table, "m")->first->text, "2");
	cr_expect_eq(engine->layout, 3);
}

Test(engine, containerd_template)
{
	make_file("config-v3.toml.tmpl", "\n# x\n  {{- template \"base\" . }}\n");
	expect_error(read_engine(ENGINE_CONTAINERD, "config-v3.toml.tmpl", ""), &err, HR_SPEC,
		     "is a template");
	make_file("config-v3.toml.tmpl",
		  "\n# x\n  {{template \"base\" .}}\n[" CRI3 ".runtimes.a]\n");
	cr_assert_ok(read_engine(ENGINE_CONTAINERD, "config-v3.toml.tmpl", ""), err);
	cr_expect_str_eq(shown(), "a=:-1 runc=:-1 | runc");
	cr_expect(engine->is_template);
	cr_expect_eq(engine->handlers[0].line, 4);
	cr_expect_eq(engine->layout, 3);
}

static const struct {
	const char *text, *message;
} containerd_bad[] = {
	{"version = 2\nimports = ['no.toml']\n", "no.toml: is missing"},
	{"version = 2\nimports = 'x'\n", "imports is no list"},
	{"version = 2\nimports = [1]\n", "imports holds no path"},
	{"version = 2\nimports = ['/etc/*/a?.toml']\n", "cannot be followed"},
	{"version = 2\nplugins = 1\n", "plugins is no table"},
	{"version = 2\n[x\n", ":2: a header that does not end"},
};

Test(engine, containerd_refused)
{
	for (size_t i = 0; i < hr_count(containerd_bad); i++) {
		make_file("c", containerd_bad[i].text);
		expect_error(read_engine(ENGINE_CONTAINERD, "c", "1.6.20"), &err,
			     i == 0 ? HR_SYSTEM : HR_SPEC, containerd_bad[i].message);
	}
}

Test(engine, crio_replaces_a_handler)
{
	make_dir("c.d", 0755, getuid(), getgid());
	make_file("c", "[crio.runtime]\ncgroup_manager = 'systemd'\n[crio.runtime.runtimes.runc]\n"
		       "runtime_path = '/a'\nruntime_root = '/r'\n");
	make_file("c.d/2", "[crio.runtime]\ndefault_runtime = 'x'\n[crio.runtime.runtimes.x]\n"
			   "runtime_path = '/x'\n");
	make_file("c.d/10.conf", "[crio.runtime.runtimes.runc]\nmonitor_path = '/m'\n");
	cr_assert_ok(read_engine(ENGINE_CRIO, "c", "1.28.1"), err);
	cr_expect_str_eq(shown(), "runc=:1 x=/x:1 | x");
	cr_expect_null(json_get(engine->handlers[0].table, "runtime_root"));
	cr_expect_str_eq(engine->handlers[0].file, in_scratch("c.d/10.conf"));
	cr_assert_ok(read_engine(ENGINE_CRIO, "no", "1.28.1"), err);
	cr_expect_str_eq(shown(), "runc=:-1 | runc");
	cr_assert_ok(read_engine(ENGINE_CRIO, "no", "1.31.0"), err);
	cr_expect_str_eq(shown(), "crun=:-1 | crun");
}

Test(engine, docker)
{
	make_file("d",
		  "{\"exec-opts\": [\"native.cgroupdriver=systemd\"], \"default-runtime\": \"h\",\n"
		  "\"runtimes\": {\n\"h\": {\"path\": \"/usr/local/sbin/hardrun\"}}}");
	cr_assert_ok(read_engine(ENGINE_DOCKER, "d", "20.10.24"), err);
	cr_expect_str_eq(shown(), "h=/usr/local/sbin/hardrun:1 runc=:1 | h");
	cr_expect_eq(engine->handlers[0].line, 3);
	make_file("d", " \n");
	cr_assert_ok(read_engine(ENGINE_DOCKER, "d", "20.10.24"), err);
	cr_expect_str_eq(shown(), "runc=:-1 | runc");
	make_file("d", "[]");
	expect_error(read_engine(ENGINE_DOCKER, "d", ""), &err, HR_SPEC, "is no object");
}

Test(engine, podman_lists_are_replaced)
{
	const char *file;
	unsigned line;

	make_dir("p.d", 0755, getuid(), getgid());
	make_file("p", "[engine]\nruntime = 'own'\nruntime_supports_json = ['a', 'b']\n"
		       "[engine.runtimes]\nown = ['/no', '/bin/sh']\n");
	make_file("p.d/9.conf", "[engine]\nruntime_supports_json = ['c']\n");
	make_file("p.d/8.conf", "[engine]\nruntime = 'last'\n");
	make_file("p.d/x.toml", "not read\n");
	cr_assert_ok(read_engine(ENGINE_PODMAN, "p", "4.3.1"), err);
	cr_expect_str_eq(engine_handler(engine, "own")->binary, "/bin/sh");
	cr_expect_str_eq(engine->default_handler, "last");
	cr_expect_eq(json_count(json_path(engine->config, "engine.runtime_supports_json")), 1);
	engine_where(engine, json_path(engine->config, "engine.runtime_supports_json"), &file,
		     &line);
	cr_expect_str_eq(file, in_scratch("p.d/9.conf"));
	cr_expect_eq(line, 2);
}

/* A file as it would be: in place of one, added to a directory, taken out of it. */
Test(engine, a_file_as_it_would_be)
{
	struct engine_file as = {.text = "version = 3\n[" CRI3 ".runtimes.new]\n"};

	make_dir("d", 0755, getuid(), getgid());
	make_file("c", "version = 3\nimports = ['d/*.toml']\n");
	make_file("d/a.toml", "version = 3\n[" CRI3 ".runtimes.a]\n");
	as.len = strlen(as.text);
	as.path = strdup(in_scratch("d/b.toml"));
	cr_assert_ok(engine_read_as(ENGINE_CONTAINERD, in_scratch("c"), &as, "", &engine, &err),
		     err);
	cr_expect_str_eq(shown(), "a=:-1 new=:-1 runc=:-1 | runc");
	engine_free(engine);
	engine = NULL;
	strcpy(strrchr((char *)(uintptr_t)as.path, '/'), "/a.toml");
	as.text = NULL;
	cr_assert_ok(engine_read_as(ENGINE_CONTAINERD, in_scratch("c"), &as, "", &engine, &err),
		     err);
	cr_expect_str_eq(shown(), "runc=:-1 | runc");
	free((void *)(uintptr_t)as.path);
}

#define OLD_DEFAULT "[" CRI2 ".default_runtime]\nruntime_type = " RUNC "\n"

/* Up to 1.7 the deprecated tables are handlers, and the one is the default. */
Test(engine, containerd_deprecated_tables)
{
	make_file("c", "version = 2\n[" CRI2 "]\ndefault_runtime_name = 'hardrun'\n" OLD_DEFAULT
		       "[" CRI2 ".default_runtime.options]\nBinaryName = '/d'\n[" CRI2
		       ".untrusted_workload_runtime]\nruntime_type = " RUNC "\n[" CRI2
		       ".runtimes.hardrun]\n[" CRI2 ".runtimes.default]\n");
	cr_assert_ok(read_engine(ENGINE_CONTAINERD, "c", "1.6.20"), err);
	cr_expect_str_eq(shown(), "default=/d:-1 untrusted=:-1 hardrun=:-1 | default");
	cr_expect_eq(engine->handlers[0].line, 4);
	cr_assert_ok(read_engine(ENGINE_CONTAINERD, "c", "2.1.4"), err);
	cr_expect_str_eq(shown(), "hardrun=:-1 default=:-1 runc=:-1 | hardrun");
	make_file("c", "version = 2\n[" CRI2 ".default_runtime]\nruntime_type = ''\n[" CRI2
		       ".untrusted_workload_runtime]\n[" CRI2 ".runtimes.runc]\n");
	cr_assert_ok(read_engine(ENGINE_CONTAINERD, "c", "1.6.20"), err);
	cr_expect_str_eq(shown(), "runc=:-1 | runc");
}

static const struct {
	enum engine_kind kind;
	const char *text, *message; /* NULL: it is good */
} cases[] = {
	{ENGINE_DOCKER, "{\"runtimes\": {\"a\": {\n\"path\": \"/a\",\n\"Path\": \"/b\"}}}",
	 ":3: the engine may take Path for path"},
	{ENGINE_DOCKER, "{\"runtimeſ\": {}}", ":1: the engine may take"},
	{ENGINE_DOCKER, "{\"Default-Runtime\": \"x\"}", "write default-runtime"},
	{ENGINE_DOCKER, "{\"runtimes\": {\"Path\": {}, \"path\": {}}}", NULL},
	{ENGINE_DOCKER, "{\"runtimes\": {\"a\": {\"options\": {\"binaryname\": 1}}}}",
	 "write BinaryName"},
	{ENGINE_PODMAN, "[engine]\nruntime = 'a'\n[Engine]\nRuntime = 'runc'\n", ":3: the engine"},
	{ENGINE_PODMAN, "[engine]\nRuntime = 'runc'\n", ":2: the engine may take Runtime"},
	{ENGINE_PODMAN, "[engine.Runtimes]\nx = ['/x']\n", ":1: the engine may take Runtimes"},
	{ENGINE_PODMAN, "[engine.runtimes]\nX = ['/x']\nRuntime = ['/x']\n", NULL},
	{ENGINE_CRIO, "[crio.runtime]\nDefault_runtime = 'x'\n", ":2: the engine"},
	{ENGINE_CRIO, "[crio.Runtime]\n", ":1: the engine"},
	{ENGINE_CRIO, "[Crio]\n", ":1: the engine"},
	{ENGINE_CRIO, "[crio.runtime.runtimes.x]\nRuntime_path = '/x'\n", ":2: the engine"},
	{ENGINE_CONTAINERD, "Version = 2\n", ":1: the engine"},
	{ENGINE_CONTAINERD, "version = 2\n[" CRI2 ".runtimes.a.options]\nbinaryName = '/x'\n",
	 ":3: the engine may take binaryName for BinaryName"},
	{ENGINE_CONTAINERD, "version = 2\n[" CRI2 ".runtimes.a]\nRuntime_Type = '/x'\n",
	 ":3: the engine may take Runtime_Type"},
	{ENGINE_CONTAINERD, "version = 2\n[" CRI2 "]\nDEFAULT_RUNTIME_NAME = 'x'\n", ":3: the"},
	{ENGINE_CONTAINERD, "version = 2\n[" CRI2 ".default_runtime.options]\nbinaryname = ''\n",
	 ":3: the engine may take binaryname"},
	{ENGINE_CONTAINERD, "version = 2\n[" CRI2 ".runtimes.Options]\n[plugins.x]\nY = 1\n", NULL},
};

/* Their readers find a key by letters of any case; ours reads none that may mean two things. */
Test(engine, keys_of_another_case)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make_file("f", cases[i].text);
		if (cases[i].message)
			expect_error(read_engine(cases[i].kind, "f", "1.6.20"), &err, HR_SPEC,
				     cases[i].message);
		else
			cr_assert_ok(read_engine(cases[i].kind, "f", "1.6.20"), err);
	}
}
