/* SPDX-License-Identifier: Apache-2.0 */
/* What is believed of a container, and where nothing is. */
#include "oci/identity.h"

#include "unit.h"

#define ROOT   "/run/containerd/runc/k8s.io"
#define BUNDLE "/run/containerd/io.containerd.runtime.v2.task/k8s.io/"

#define CRI(key, value) "\"io.kubernetes.cri." key "\":\"" value "\""
#define POD                                                             \
	CRI("sandbox-id", "SID")                                        \
	"," CRI("sandbox-name", "front-1") "," CRI("sandbox-namespace", \
						   "web") "," CRI("sandbox-uid", "UID")
#define SANDBOX	 CRI("container-type", "sandbox") "," POD
#define WORKLOAD CRI("container-type", "container") "," POD
#define NAMES	 CRI("container-name", "app") "," CRI("image-name", "docker.io/app:1")

static const struct {
	const char *annotations, *root, *bundle, *id;
	const char *expected; /* "-": nothing; sandbox|workload id ns pod uid container image */
} cases[] = {
	{SANDBOX, ROOT, BUNDLE "x1", "x1", "sandbox SID web front-1 UID - -"},
	{WORKLOAD "," NAMES, ROOT, BUNDLE "x1", "x1",
	 "workload SID web front-1 UID app docker.io/app:1"},
	/* a pod can set these two on its sandbox */
	{SANDBOX "," NAMES, ROOT, BUNDLE "x1", "x1", "sandbox SID web front-1 UID - -"},
	/* parts are missing, or are no strings */
	{CRI("container-type", "container"), ROOT, BUNDLE "x1", "x1", "workload - - - - - -"},
	{CRI("container-type", "container") ",\"io.kubernetes.cri.sandbox-namespace\":7", ROOT,
	 BUNDLE "x1", "x1", "workload - - - - - -"},
	{"\"io.kubernetes.cri.container-type\":null", ROOT, BUNDLE "x1", "x1", "-"},
	{"\"io.kubernetes.cri.container-type\":[\"sandbox\"]", ROOT, BUNDLE "x1", "x1", "-"},
	/* types that are none */
	{CRI("container-type", ""), ROOT, BUNDLE "x1", "x1", "-"},
	{CRI("container-type", "Sandbox"), ROOT, BUNDLE "x1", "x1", "-"},
	{CRI("container-type", "sandbox2"), ROOT, BUNDLE "x1", "x1", "-"},
	{POD, ROOT, BUNDLE "x1", "x1", "-"},
	{"\"io.kubernetes.cri-o.ContainerType\":\"sandbox\"," POD, ROOT, BUNDLE "x1", "x1", "-"},
	/* the same annotations outside of containerd's CRI */
	{SANDBOX, NULL, BUNDLE "x1", "x1", "-"},
	{SANDBOX, ROOT, NULL, "x1", "-"},
	{SANDBOX, ROOT, BUNDLE "x1", NULL, "-"},
	{SANDBOX, "/run/runc", BUNDLE "x1", "x1", "-"},
	{SANDBOX, "/run/containerd/runc/default", BUNDLE "x1", "x1", "-"},
	{SANDBOX, "/run/docker/runtime-runc/moby", BUNDLE "x1", "x1", "-"},
	{SANDBOX, "/run/xk8s.io", BUNDLE "x1", "x1", "-"},
	{SANDBOX, "k8s.io", BUNDLE "x1", "x1", "-"},
	{SANDBOX, ROOT "/", BUNDLE "x1", "x1", "sandbox SID web front-1 UID - -"},
	{SANDBOX, ROOT "/sub", BUNDLE "x1", "x1", "-"},
	{SANDBOX, ROOT, "/var/lib/x1", "x1", "-"},
	{SANDBOX, ROOT, BUNDLE "x1", "x2", "-"},
	{SANDBOX, ROOT, BUNDLE "x1", "1", "-"},
	{SANDBOX, ROOT, BUNDLE "x1/rootfs", "x1", "-"},
	{SANDBOX, ROOT, "/run/containerd/io.containerd.runtime.v2.task/moby/x1", "x1", "-"},
	{SANDBOX, ROOT, "/var/run/xio.containerd.runtime.v2.task/k8s.io/x1", "x1", "-"},
	/* an engine whose directories were moved */
	{SANDBOX, "/data/k3s/runc/k8s.io", "/data/k3s/io.containerd.runtime.v2.task/k8s.io/x1",
	 "x1", "sandbox SID web front-1 UID - -"},
};

static const char *or_dash(const char *text)
{
	return text ? text : "-";
}

static void check_cases(const __typeof__(cases[0]) *row, size_t i)
{
	json_auto struct json_doc *doc = NULL;
	struct identity identity;
	struct hr_error err = {0};
	char spec[1024], got[512];

	snprintf(spec, sizeof(spec), "{\"annotations\":{%s}}", row->annotations);
	cr_assert_ok(json_parse("c", spec, strlen(spec), false, &doc, &err), err);
	memset(&identity, 0xFF, sizeof(identity));
	identity_read(json_root(doc), row->root, row->bundle, row->id, &identity);
	snprintf(got, sizeof(got), "%s %s %s %s %s %s %s",
		 identity.sandbox ? "sandbox" : "workload", or_dash(identity.sandbox_id),
		 or_dash(identity.pod_namespace), or_dash(identity.pod), or_dash(identity.pod_uid),
		 or_dash(identity.container), or_dash(identity.image));
	if (identity.cri) {
		cr_expect_str_eq(got, row->expected, "row %zu: %s", i, got);
		return;
	}
	cr_expect_str_eq(row->expected, "-", "row %zu: nothing is believed", i);
	cr_expect_str_eq(got, "workload - - - - - -", "row %zu: left over: %s", i, got);
}
ROWS(identity, cases)

static const char *const specs[] = {
	"{}",
	"{\"annotations\":null}",
	"{\"annotations\":{}}",
	"{\"annotations\":[]}",
	"{\"annotations\":\"x\"}",
	"[]",
	"null",
};

static void check_specs(const char *const *row, size_t i)
{
	json_auto struct json_doc *doc = NULL;
	struct identity identity;
	char list[64];

	(void)i;
	snprintf(list, sizeof(list), "[%s]", *row);
	cr_assert_eq(json_parse("c", list, strlen(list), false, &doc, NULL), 0);
	identity_read(json_root(doc)->first, ROOT, BUNDLE "x1", "x1", &identity);
	cr_expect_not(identity.cri);
	cr_expect_not(identity.sandbox);
}
ROWS(identity, specs)

/* An id that would not fit beside the rest is believed no more than another. */
Test(identity, long_id)
{
	json_auto struct json_doc *doc = NULL;
	const char spec[] = "{\"annotations\":{" SANDBOX "}}";
	char id[1200], bundle[2000];
	struct identity identity;

	memset(id, 'i', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	snprintf(bundle, sizeof(bundle), "%s%s", BUNDLE, id);
	cr_assert_eq(json_parse("c", spec, strlen(spec), false, &doc, NULL), 0);
	identity_read(json_root(doc), ROOT, bundle, id, &identity);
	/* One answer or the other, but never a sandbox without the rest. */
	cr_expect(identity.cri || !identity.sandbox);
}
