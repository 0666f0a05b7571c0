/* SPDX-License-Identifier: Apache-2.0 */
/* Sources of mounts, and the mount table by which they are told. Needs root. */
#include "host/host.h"
#include "host/mountinfo.h"

#include "base/cleanup.h"
#include "unit.h"

#include <sched.h>
#include <sys/mount.h>

static struct host_real *real;

static void start(void)
{
	struct hr_error err = {0};

	need_root();
	scratch_make();
	make_dir("bundle", 0755, 0, 0);
	make_dir("open", 0777, 0, 0);
	make_dir("open/inner", 0755, 0, 0);
	make_file("file", "");
	make_link("link", "bundle");
	cr_assert_ok(host_open(in_scratch("bundle"), &real, &err), err);
}

static void end(void)
{
	host_close(real);
	scratch_drop();
}

TestSuite(host_source, .init = start, .fini = end, .timeout = 20);

Test(host_source, sound)
{
	static const struct {
		const char *path;
		bool sound;
	} rows[] = {
		{"bundle", true}, {"file", true},	 {"open", true},
		{"link", false},  {"open/inner", false}, {"missing", false},
	};
	struct host *host = host_ops(real);

	for (size_t i = 0; i < hr_count(rows); i++)
		cr_expect_eq(host->sound(host, in_scratch(rows[i].path)), rows[i].sound, "%s",
			     rows[i].path);
	cr_expect_not(host->sound(host, "relative"));
	cr_expect_not(host->sound(host, "/etc"), "no engine keeps anything in the root directory");
}

Test(host_source, opened)
{
	struct host *host = host_ops(real);
	struct host_source source;

	cr_expect(host->source(host, 4, in_scratch("link"), &source));
	cr_expect_eq(source.kind, HOST_KIND_DIRECTORY);
	cr_expect_str_eq(source.real, in_scratch("bundle"));
	cr_expect_null(source.kernel_fs);
	cr_expect_null(source.socket);
	cr_expect_geq(host_source_fd(real, 4), 0);
	cr_expect_eq(host_source_fd(real, 5), -1);
	cr_expect(host->source(host, 5, in_scratch("missing"), &source));
	cr_expect_eq(source.kind, HOST_KIND_ABSENT);
	cr_expect_eq(host_source_fd(real, 5), -1);
	cr_expect(host->source(host, 6, "/proc/self/root/etc", &source));
	cr_expect_eq(source.kind, HOST_KIND_ABSENT, "a magic link is not followed");
	cr_expect(host->source(host, 7, "/proc", &source));
	cr_expect_null(source.kernel_fs, "it is where it belongs, and known by that");
	cr_expect(host->source_meets(host, 7, "/proc"));
	cr_expect(host->source(host, 8, "/dev/null", &source));
	cr_expect_eq(source.kind, HOST_KIND_DEVICE);
}

Test(host_source, meets)
{
	struct host *host = host_ops(real);
	struct host_source source;

	char view[PATH_MAX], inner[PATH_MAX], around[PATH_MAX];

	cr_assert_eq(unshare(CLONE_NEWNS), 0);
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	make_dir("bundle/a", 0755, 0, 0);
	make_dir("bundle/a/b", 0755, 0, 0);
	make_dir("view", 0755, 0, 0);
	make_dir("around", 0755, 0, 0);
	make_dir("around/x", 0755, 0, 0);
	snprintf(view, sizeof(view), "%s", in_scratch("view"));
	snprintf(inner, sizeof(inner), "%s", in_scratch("bundle/a/b"));
	snprintf(around, sizeof(around), "%s", in_scratch("around/x"));
	cr_assert_eq(mount(inner, view, NULL, MS_BIND, NULL), 0);
	cr_assert_eq(mount(inner, around, NULL, MS_BIND, NULL), 0);

	cr_expect(host->source(host, 0, view, &source));
	cr_expect(host->source_meets(host, 0, in_scratch("bundle/a")), "a view of a part of it");
	cr_expect(host->source_meets(host, 0, in_scratch("bundle/a/b")));
	cr_expect_not(host->source_meets(host, 0, in_scratch("open")));
	cr_expect(host->source(host, 1, in_scratch("around"), &source));
	cr_expect(host->source_meets(host, 1, in_scratch("bundle/a")), "a view below it");
	cr_expect_not(host->source_meets(host, 1, in_scratch("open")));
	cr_expect(host->source(host, 2, in_scratch("bundle"), &source));
	cr_expect(host->source_meets(host, 2, in_scratch("bundle/a/b")), "it holds it");
	cr_expect(host->source_meets(host, 2, view), "and what is shown elsewhere");
	cr_expect_not(host->source_meets(host, 2, in_scratch("missing")));
	cr_expect_not(host->source_meets(host, 2, in_scratch("bundle-2")));
	cr_expect(host->source_meets(host, 9, "/srv"), "what was never opened meets all");
	umount(view);
	umount(around);
}

Test(host_source, within)
{
	struct host *host = host_ops(real);
	char bundle[PATH_MAX];

	snprintf(bundle, sizeof(bundle), "%s", in_scratch("bundle"));
	cr_expect(host->within(host, bundle, in_scratch("link")), "the same behind a link");
	cr_expect(host->within(host, in_scratch("bundle/x"), bundle));
	cr_expect_not(host->within(host, in_scratch("bundle-2"), bundle));
	cr_expect(host->within(host, bundle, "/"));
}

/* --- The table ---------------------------------------------------------------------------- */

static int parse(const char *text, struct mountinfo *ret)
{
	return mountinfo_parse(strdup(text), ret, NULL);
}

Test(mountinfo, lines)
{
	struct mountinfo info;

	cr_assert_eq(
		parse("22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
		      "40 22 0:31 /a\\040b /srv/with\\040blank\\134x rw - tmpfs tmpfs rw,size=1k\n"
		      "41 22 0:32 /x//deleted /y rw master:3 propagate_from:2 - overlay o rw\n",
		      &info),
		0);
	cr_expect_eq(info.count, 3);
	cr_expect_str_eq(mountinfo_find(&info, 22)->type, "ext4");
	cr_expect_str_eq(mountinfo_find(&info, 40)->root, "/a b");
	cr_expect_str_eq(mountinfo_find(&info, 40)->point, "/srv/with blank\\x");
	cr_expect_str_eq(mountinfo_find(&info, 40)->dev, "0:31");
	cr_expect_str_eq(mountinfo_find(&info, 41)->type, "overlay");
	cr_expect_null(mountinfo_find(&info, 1));
	mountinfo_done(&info);
}

Test(mountinfo, options)
{
	struct mountinfo info;

	cr_assert_eq(parse("22 1 8:1 / / rw,relatime - ext4 /dev/sda\\0401 rw,x=a\\054b\n"
			   "40 22 0:31 / /a ro shared:1 - overlay  rw,lowerdir=/a\n"
			   "41 22 0:32 / /b rw master:3 propagate_from:2 - fuse.x y\n"
			   "42 22 0:33 / /c rw - proc\n",
			   &info),
		     0);
	cr_assert_eq(info.count, 4);
	cr_expect_str_eq(info.entries[0].options, "rw,relatime");
	cr_expect_str_eq(info.entries[0].tags, "");
	cr_expect_str_eq(info.entries[0].source, "/dev/sda 1");
	cr_expect_str_eq(info.entries[0].super, "rw,x=a\\054b", "not unescaped");
	cr_expect_str_eq(info.entries[1].options, "ro");
	cr_expect_str_eq(info.entries[1].tags, "shared:1");
	cr_expect_str_eq(info.entries[1].source, "", "an empty name of what is mounted");
	cr_expect_str_eq(info.entries[1].super, "rw,lowerdir=/a");
	cr_expect_str_eq(info.entries[2].tags, "master:3 propagate_from:2");
	cr_expect_str_eq(info.entries[2].type, "fuse.x");
	cr_expect_str_eq(info.entries[2].source, "y");
	cr_expect_str_eq(info.entries[2].super, "");
	cr_expect_str_eq(info.entries[3].source, "");
	mountinfo_done(&info);
}

Test(mountinfo, wrong)
{
	static const char *const rows[] = {
		"22 1 8:1 / / rw\n",	      "22 1 8:1 / - ext4 x rw\n",
		"22 1 8:1 / / - ext4 x rw\n", "x 1 8:1 / / rw - ext4 x rw\n",
		"22 1 8:1 / / rw - \n",	      "nonsense",
	};

	for (size_t i = 0; i < hr_count(rows); i++) {
		struct mountinfo info;

		cr_expect_lt(parse(rows[i], &info), 0, "%s", rows[i]);
		mountinfo_done(&info);
	}
}

Test(mountinfo, of_this_machine)
{
	struct mountinfo info;

	cr_assert_eq(mountinfo_read(&info, NULL), 0);
	cr_expect_gt(info.count, 0);
	mountinfo_done(&info);
}
