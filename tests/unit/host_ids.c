/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the host's groups. Needs root (a file mounted over /etc/group). */
#include "host/host.h"

#include "unit.h"

#include <sched.h>
#include <sys/mount.h>

static struct host_real *real;

static void start(void)
{
	struct hr_error err = {0};

	need_root();
	scratch_make();
	make_file("group", "root:x:0:\nbroken\nbad:x:y:\ndisk:x:6:a,b\nlast:x:4294967294:");
	cr_assert_eq(unshare(CLONE_NEWNS), 0);
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	cr_assert_eq(mount(in_scratch("group"), "/etc/group", NULL, MS_BIND, NULL), 0);
	cr_assert_ok(host_open(scratch, &real, &err), err);
}

static void end(void)
{
	host_close(real);
	umount("/etc/group");
	scratch_drop();
}

TestSuite(host_ids, .init = start, .fini = end);

static const struct {
	const char *name;
	bool there;
	uint32_t id;
} groups[] = {
	{"root", true, 0}, {"disk", true, 6},	 {"last", true, 4294967294},
	{"dis", false, 0}, {"broken", false, 0}, {"bad", false, 0},
	{"a", false, 0},   {"", false, 0},
};

Test(host_ids, groups)
{
	for (size_t i = 0; i < hr_count(groups); i++) {
		uint32_t id = 0;

		cr_expect_eq(host_ops(real)->group_id(host_ops(real), groups[i].name, &id),
			     groups[i].there, "%s", groups[i].name);
		cr_expect_eq(id, groups[i].id, "%s: %u", groups[i].name, id);
	}
}
