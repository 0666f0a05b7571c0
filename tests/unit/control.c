/* SPDX-License-Identifier: Apache-2.0 */
/* Single values that controls tell apart by their form, and options that a policy cannot have. */
#include "control/table.h"

#include "base/text.h"
#include "unit.h"

TestSuite(control);

static struct json_doc *parse(const char *name, const char *text)
{
	struct json_doc *doc = NULL;
	struct hr_error err = {0};

	cr_assert_ok(json_parse(name, text, strlen(text), false, &doc, &err), err);
	return doc;
}

static enum host_ns foreign_ns(struct host *host, const char *type, const char *path)
{
	(void)host, (void)type, (void)path;
	return HOST_NS_OTHER;
}

/* What `control` says to a document under `rules`: "ACTION" or "" of its first entry. */
static void expect(const struct control *control, const char *rules, const char *document,
		   const char *action, const char *shown)
{
	json_auto struct json_doc *doc = parse("config.json", document);
	json_auto struct json_doc *options = parse("policy.json", rules);
	struct host host = {.ns = foreign_ns};
	struct identity identity = {0};
	const struct control_in in = {
		.line = LINE_CREATE,
		.document = json_root(doc),
		.rules = json_root(options),
		.identity = &identity,
		.host = &host,
	};
	change_auto struct change out = {0};
	struct hr_error err = {0};
	const struct json *entry;

	cr_assert_ok(change_init(&out, doc, &err), err);
	out.control = control->name;
	control->create(&in, &out);
	cr_assert_ok(change_ok(&out, &err), err);
	entry = out.report->first;
	cr_expect_str_eq(entry ? json_string(entry, "action") : "", action, "%s", document);
	if (shown)
		cr_expect_str_eq(json_string(entry, "from"), shown, "%s", document);
}

/* process.env: what is shown of a secret is its name, and nothing of what is no variable. */
static const struct {
	const char *variable, *action, *shown;
} environment[] = {
	{"PATH=/usr/bin", "", NULL},
	{"EMPTY=", "", NULL},
	{"NAME", "refuse", NULL},
	{"", "refuse", NULL},
	{"=VALUE", "refuse", NULL},
	{"DB_PASSWORD=x", "warn", "DB_PASSWORD"},
	{"mysqlPasswd=x", "warn", "mysqlPasswd"},
	{"client_secret=x=y", "warn", "client_secret"},
	{"TOKENS=x", "warn", "TOKENS"},
	{"CREDENTIALS=x", "warn", "CREDENTIALS"},
	{"MYAPIKEY=x", "warn", "MYAPIKEY"},
	{"API_KEY=x", "warn", "API_KEY"},
	{"AWS_ACCESS_KEY_ID=x", "warn", "AWS_ACCESS_KEY_ID"},
	{"TLS_PRIVATE_KEY=x", "warn", "TLS_PRIVATE_KEY"},
	{"PUBLIC_KEY=x", "", NULL},
	{"PASSWOR=D", "", NULL},
	{"X=PASSWORD", "", NULL},
	{"DB_PASSWORD=", "", NULL},
	{"DB_PASSWORD=/run/secrets/db", "", NULL},
	{"DB_PASSWORD_FILE=db", "", NULL},
	{"DB_PASSWORD_FILE=ghp_x", "warn", "DB_PASSWORD_FILE"},
	{"DB_PASSWORD_FILES=db", "warn", "DB_PASSWORD_FILES"},
	{"K=AKIAABCDEFGHIJ012345", "warn", "K"},
	{"K=AKIAABCDEFGHIJ01234", "", NULL},
	{"K=AKIAabcdefghij012345", "", NULL},
	{"K=ghp_x", "warn", "K"},
	{"K=gho_x", "warn", "K"},
	{"K=ghs_x", "warn", "K"},
	{"K=ghx_x", "", NULL},
	{"K=github_pat_x", "warn", "K"},
	{"K=glpat-x", "warn", "K"},
	{"K=xoxb-x", "warn", "K"},
	{"K=xoxp-x", "warn", "K"},
	{"K=sk_live_x", "warn", "K"},
	{"K=sk_test_x", "", NULL},
	{"K=-----BEGIN EC PRIVATE KEY-----", "warn", "K"},
	{"K=eyJh.eyJz.c2ln", "warn", "K"},
	{"K=eyJh.eyJz", "", NULL},
	{"K=eyXh.eyJz.c2ln", "", NULL},
	{"K= ghp_x", "", NULL},
};

static void check_environment(const void *row, size_t number)
{
	char document[200];

	(void)row;
	snprintf(document, sizeof(document), "{\"process\":{\"env\":[\"%s\"]}}",
		 environment[number].variable);
	expect(&control_environment, "{\"secrets\":\"warn\"}", document, environment[number].action,
	       environment[number].shown);
}

ROWS(control, environment)

/* linux.sysctl under {"allow": ["net.*", "kernel.shm_rmid_forced"]} */
static const struct {
	const char *key, *value, *action;
} sysctls[] = {
	{"net.ipv4.tcp_syncookies", "1", ""},
	{"net/ipv4/tcp_syncookies", "1", ""},
	{"net/ipv4/conf/eth0.1/forwarding", "1", ""},
	{"net.ipv4.conf.eth0/1.forwarding", "1", ""},
	{"kernel.shm_rmid_forced", "1", ""},
	{"kernel.shm_rmid_forced2", "1", "refuse"},
	{"kernel.shmmax", "1", "refuse"},
	{"kernel.core_pattern", "1", "refuse"},
	{"kernel/core_pattern", "1", "refuse"},
	{"networking", "1", "refuse"},
	{"", "1", "refuse"},
	{"net.", "1", "refuse"},
	{".net.ipv4.x", "1", "refuse"},
	{"net..x", "1", "refuse"},
	{"net/../kernel/core_pattern", "1", "refuse"},
	{"net/./x", "1", "refuse"},
	{"net.x+y", "1", "refuse"},
	{"net.x y", "1", "refuse"},
	{"net.x\\n", "1", "refuse"},
	{"net.x", "-1", ""},
	{"net.x", "4096 16384\\t4194304", ""},
	{"net.x", "", "refuse"},
	{"net.x", "-", "refuse"},
	{"net.x", "--1", "refuse"},
	{"net.x", "1 -1", "refuse"},
	{"net.x", " 1", "refuse"},
	{"net.x", "1 ", "refuse"},
	{"net.x", "1  2", "refuse"},
	{"net.x", "1\\n", "refuse"},
	{"net.x", "0x1", "refuse"},
	{"net.x", "|/bin/sh", "refuse"},
};

static void check_sysctls(const void *row, size_t number)
{
	char document[240];

	(void)row;
	snprintf(document, sizeof(document),
		 "{\"linux\":{\"namespaces\":[{\"type\":\"network\"},{\"type\":\"ipc\"}],"
		 "\"sysctl\":{\"%s\":\"%s\"}}}",
		 sysctls[number].key, sysctls[number].value);
	expect(&control_sysctls, "{\"allow\":[\"net.*\",\"kernel.shm_rmid_forced\"]}", document,
	       sysctls[number].action, NULL);
}

ROWS(control, sysctls)

/* linux.uidMappings beside a user namespace */
static const struct {
	const char *entries, *action;
} mappings[] = {
	{"", "refuse"}, /* crun would take the host's root */
	{"{\"hostID\":1,\"size\":1}", ""},
	{"{\"hostID\":100000,\"size\":65536}", ""},
	{"{\"containerID\":4294967295,\"hostID\":4294967295,\"size\":1}", ""},
	{"{\"hostID\":4294967295,\"size\":2}", "refuse"},
	{"{\"containerID\":4294967295,\"hostID\":1,\"size\":2}", "refuse"},
	{"{\"hostID\":0,\"size\":1}", "refuse"},
	{"{\"size\":1}", "refuse"},
	{"{\"hostID\":1,\"size\":0}", "refuse"},
	{"{\"hostID\":1}", "refuse"},
	{"{\"hostID\":10,\"size\":10},{\"containerID\":10,\"hostID\":20,\"size\":10}", ""},
	{"{\"hostID\":10,\"size\":10},{\"containerID\":9,\"hostID\":20,\"size\":10}", "refuse"},
	{"{\"hostID\":10,\"size\":10},{\"containerID\":10,\"hostID\":19,\"size\":10}", "refuse"},
	{"{\"hostID\":10,\"size\":10},{\"containerID\":10,\"hostID\":1,\"size\":10}", "refuse"},
	{"{\"hostID\":10,\"size\":10},{\"containerID\":10,\"hostID\":1,\"size\":9}", ""},
};

static void check_mappings(const void *row, size_t number)
{
	char document[300];

	(void)row;
	snprintf(document, sizeof(document),
		 "{\"linux\":{\"namespaces\":[{\"type\":\"user\"}],\"uidMappings\":[%s],"
		 "\"gidMappings\":[{\"hostID\":1,\"size\":1}]}}",
		 mappings[number].entries);
	expect(&control_userns, "{}", document, mappings[number].action, NULL);
}

ROWS(control, mappings)

/* linux.cgroupsPath */
static const struct {
	const char *path, *action;
} cgroups[] = {
	{"", ""},
	{"/docker/x", ""},
	{"relative/x", ""},
	{"system.slice:docker:x", ""},
	{":cri:x", ""},
	{"/a..b/..c/d..", ""},
	{"..", "refuse"},
	{"/a/..", "refuse"},
	{"../a", "refuse"},
	{"/a/../b", "refuse"},
	{"..:docker:x", "refuse"},
	{"x.slice:..:x", "refuse"},
	{"x.slice/y:docker:x", "refuse"},
	{"x.slice:docker:x/y", "refuse"},
	{"/a\\nb", "refuse"},
	{"/a\\u007f", "refuse"},
};

static void check_cgroups(const void *row, size_t number)
{
	char document[120];

	(void)row;
	snprintf(document, sizeof(document), "{\"linux\":{\"cgroupsPath\":\"%s\"}}",
		 cgroups[number].path);
	expect(&control_cgroups, "{}", document, cgroups[number].action, NULL);
}

ROWS(control, cgroups)

/* Options of a policy; `words`: of the error, NULL where there is none. */
static const struct {
	const char *control, *options, *words;
} policies[] = {
	{"userns", "{\"map\":\"yes\"}", "userns.map must be"},
	{"userns", "{\"map\":[\"auto\"]}", "userns.map must be"},
	{"userns", "{\"map\":null}", "userns.map must be"},
	{"userns", "{\"pre_join\":1}", "userns.pre_join must be true or false"},
	{"userns", "{\"plain_tmpfs\":\"x\"}", "userns.plain_tmpfs must be true or false"},
	{"userns", "{\"map\":\"pod\",\"pre_join\":true,\"plain_tmpfs\":true}", NULL},
	{"mounts", "{\"host_paths\":[{\"path\":\"/srv\",\"idmap\":\"x\"}]}",
	 "idmap must be true or false"},
	{"mounts", "{\"host_paths\":[{\"path\":\"/srv\",\"idmap\":true}]}", NULL},
#include "control_labels.h"
	{"user", "{\"umask\":\"022\"}", NULL},
	{"user", "{\"umask\":\"0077\"}", NULL},
	{"user", "{\"umask\":\"22\"}", "octal"},
	{"user", "{\"umask\":\"028\"}", "octal"},
	{"user", "{\"umask\":\"00022\"}", "octal"},
	{"user", "{\"umask\":\"1022\"}", "octal"},
	{"user", "{\"umask\":18}", "octal"},
	{"user", "{\"umask\":null}", "octal"},
	{"user", "{\"uids\":[\"1-0\"]}", "ranges"},
	{"rlimits", "{\"max\":{\"RLIMIT_CORE\":0,\"RLIMIT_STACK\":18446744073709551615}}", NULL},
	{"rlimits", "{\"max\":{}}", NULL},
	{"rlimits", "{\"max\":[]}", "must be an object"},
	{"rlimits", "{\"max\":null}", "must be an object"},
	{"rlimits", "{\"max\":{\"CORE\":0}}", "no resource limit"},
	{"rlimits", "{\"max\":{\"RLIMIT_CORE\":-1}}", "must be an integer"},
	{"rlimits", "{\"max\":{\"RLIMIT_CORE\":\"0\"}}", "must be an integer"},
	{"scheduling", "{\"allow\":[\"SCHED_OTHER\",\"SCHED_BATCH\",\"SCHED_IDLE\"]}", NULL},
	{"scheduling", "{\"allow\":[\"SCHED_FIFO\"]}", "not \"SCHED_FIFO\""},
	{"sysctls", "{\"allow\":[\"net.*\",\"kernel.shm*\",\"kernel.msgmax\",\"kernel.sem\"]}",
	 NULL},
	{"sysctls", "{\"allow\":[\"fs.mqueue.*\"]}", NULL},
	{"sysctls", "{\"allow\":[\"*\"]}", "whole host"},
	{"sysctls", "{\"allow\":[\"net*\"]}", "whole host"},
	{"sysctls", "{\"allow\":[\"kernel.*\"]}", "whole host"},
	{"sysctls", "{\"allow\":[\"kernel.sem*\"]}", "whole host"},
	{"sysctls", "{\"allow\":[\"kernel.core_pattern\"]}", "whole host"},
	{"sysctls", "{\"allow\":[\"fs.*\"]}", "whole host"},
	{"environment", "{\"secrets\":\"refuse\"}", NULL},
	{"environment", "{\"secrets\":\"drop\"}", "environment.secrets must be"},
	{"image", "{\"by_digest\":\"always\"}", "image.by_digest must be"},
	{"capabilities", "{\"drop\":[\"CAP_CHOWN\"]}", NULL},
	{"capabilities", "{\"drop\":[\"CHOWN\"]}", "no capability"},
};

static void check_policies(const void *row, size_t number)
{
	json_auto struct json_doc *doc = parse("policy.json", policies[number].options);
	struct hr_error err = {0};
	int result = control_check_options(NULL, policies[number].control, json_root(doc), &err);

	(void)row;
	if (!policies[number].words) {
		cr_expect_ok(result, err);
		return;
	}
	expect_error(result, &err, HR_POLICY, policies[number].words);
	cr_expect(text_starts(err.msg, "policy.json:1:"), "%s", err.msg);
}

ROWS(control, policies)
