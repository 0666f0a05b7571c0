/* SPDX-License-Identifier: Apache-2.0 */
/* What is mounted against what a snapshot says: real overlays in a mount namespace of the test. */
#include "stage/layers.h"

#include "json/edit.h"
#include "unit.h"

#include <sched.h>
#include <sys/mount.h>

#define SNAPSHOTS "snapshots" /* N/fs, N/work for N = 1 to 6 */

static void private_tmpfs(void)
{
	char name[64];

	need_root();
	scratch_make();
	if (unshare(CLONE_NEWNS) < 0 || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("layers", scratch, "tmpfs", 0, "mode=0755") < 0)
		cr_skip_test("no mount namespaces here");
	make_dir(SNAPSHOTS, 0755, 0, 0);
	make_dir("root", 0755, 0, 0);
	for (int i = 1; i <= 6; i++) {
		snprintf(name, sizeof(name), SNAPSHOTS "/%d", i);
		make_dir(name, 0755, 0, 0);
		snprintf(name, sizeof(name), SNAPSHOTS "/%d/fs", i);
		make_dir(name, 0755, 0, 0);
		snprintf(name, sizeof(name), SNAPSHOTS "/%d/work", i);
		make_dir(name, 0755, 0, 0);
	}
}

static void leave(void)
{
	if (scratch[0]) {
		umount2(in_scratch("root/in"), MNT_DETACH);
		umount2(in_scratch("root"), MNT_DETACH);
		umount2(scratch, MNT_DETACH);
	}
	scratch_drop();
}

TestSuite(layers, .init = private_tmpfs, .fini = leave, .timeout = 30);

/* "3 2|5" is lower 3 and 2, upper 5, below `prefix`; "" below which relative names are. */
static const char *options_of(const char *layers, const char *prefix)
{
	static char buffers[2][4096];
	static unsigned turn;
	char *text = buffers[turn++ % 2];
	size_t at = 0;

	at += (size_t)snprintf(text, 4096, "%s", "");
	for (const char *c = layers; *c && *c != '|'; c++)
		if (*c == ' ')
			at += (size_t)snprintf(text + at, 4096 - at, "%s", ":");
		else
			at += (size_t)snprintf(text + at, 4096 - at, "%s%s%c/fs",
					       at ? "" : "lowerdir=", prefix, *c);
	if (strchr(layers, '|'))
		snprintf(text + at, 4096 - at, ",upperdir=%s/%c/fs,workdir=%s/%c/work",
			 in_scratch(SNAPSHOTS), strchr(layers, '|')[1], in_scratch(SNAPSHOTS),
			 strchr(layers, '|')[1]);
	return text;
}

static const char *absolute(void)
{
	static char prefix[PATH_MAX * 2];

	snprintf(prefix, sizeof(prefix), "%s/", in_scratch(SNAPSHOTS));
	return prefix;
}

/* The array of one mount whose options are split at commas. */
static struct json_doc *mounts_of(const char *type, const char *source, const char *options)
{
	struct json_doc *doc = json_new("mounts");
	struct json *mounts = json_put(doc, json_root(doc), "mounts", json_new_array(doc));
	struct json *mount = json_append(mounts, json_new_object(doc)), *list;
	hr_autofree char *copy = strdup(options);
	char *rest = copy, *option;

	json_put_string(doc, mount, "type", type);
	json_put_string(doc, mount, "source", source);
	list = json_put(doc, mount, "options", json_new_array(doc));
	while ((option = strsep(&rest, ",")))
		json_append(list, json_new_string(doc, option));
	return doc;
}

static int check_with(struct json_doc *doc, struct hr_error *err)
{
	return layers_check(in_scratch("root"), json_get(json_root(doc), "mounts"), err);
}

static void expect_result(int result, const struct hr_error *err, const char *words)
{
	if (words)
		expect_error(result, err, HR_DENIED, words);
	else
		cr_expect_eq(result, 0, "%s", err->msg);
}

static const struct {
	const char *mounted, *snapshot;
	const char *extra; /* options of the mount beside the layers */
	bool relative;
	const char *words; /* NULL: the same */
} overlays[] = {
	{"1|5", "1|5", "", false, NULL},
	{"3 2 1|5", "3 2 1|5", "", false, NULL},
	{"3 2 1|5", "3 2 1|5", ",volatile", false, NULL},
	{"3 2 1|5", "3 2 1|5", ",index=off", false, NULL},
	{"3 2 1|5", "3 2 1|5", "", true, NULL},
	{"3 2", "3 2", "", false, NULL},
	{"3 2", "3 2", "", true, NULL},
	{"3 2 1|5", "3 1 2|5", "", false, "its layer 2 of 3 is another directory"},
	{"3 2 1|5", "3 1 2|5", "", true, "its layer 2 of 3 is another directory"},
	{"4 2 1|5", "3 2 1|5", "", false, "its layer 1 of 3 is another directory"},
	{"3 2 4|5", "3 2 1|5", "", true, "its layer 3 of 3 is another directory"},
	{"3 2 1|5", "3 2 1|6", "", false, "its upper directory is another directory"},
	{"3 2 1|5", "3 2|5", "", false, "it has 3 layers, and the snapshot 2"},
	{"3 2|5", "3 2 1|5", "", false, "it has 2 layers, and the snapshot 3"},
	{"3 2 1|5", "3 2 1", "", false, "it is writable, and the snapshot is not"},
	{"3 2", "3 2|5", "", false, "it is read-only, and the snapshot is not"},
	{"3 2", "2 3", "", true, "its layer 1 of 2 is, by its name"},
};

static void check_overlays(const void *row, size_t i)
{
	const char *prefix = overlays[i].relative ? "" : absolute();
	json_auto struct json_doc *doc = NULL;
	struct hr_error err = {0};
	char options[8192];

	(void)row;
	snprintf(options, sizeof(options), "%s%s", options_of(overlays[i].mounted, prefix),
		 overlays[i].extra);
	cr_assert_eq(chdir(in_scratch(SNAPSHOTS)), 0);
	if (mount("overlay", in_scratch("root"), "overlay", 0, options) < 0)
		cr_skip_test("overlayfs does not take this here");
	cr_assert_eq(chdir("/"), 0);
	doc = mounts_of("overlay", "overlay", options_of(overlays[i].snapshot, absolute()));
	expect_result(check_with(doc, &err), &err, overlays[i].words);
}

ROWS(layers, overlays)

Test(layers, binds)
{
	json_auto struct json_doc *same = mounts_of("bind", in_scratch(SNAPSHOTS "/2/fs"), "rbind");
	json_auto struct json_doc *other =
		mounts_of("bind", in_scratch(SNAPSHOTS "/3/fs"), "rbind,ro");
	json_auto struct json_doc *gone = mounts_of("bind", in_scratch("gone"), "rbind");
	struct hr_error err = {0};

	expect_result(check_with(same, &err), &err, "it is another directory");
	cr_assert_eq(mount(in_scratch(SNAPSHOTS "/2/fs"), in_scratch("root"), NULL, MS_BIND, NULL),
		     0);
	err = (struct hr_error){0};
	expect_result(check_with(same, &err), &err, NULL);
	expect_result(check_with(other, &err), &err, "it is another directory");
	err = (struct hr_error){0};
	expect_error(check_with(gone, &err), &err, HR_SYSTEM, "the snapshot's directory");
}

Test(layers, strange)
{
	json_auto struct json_doc *overlay =
		mounts_of("overlay", "overlay", options_of("1|5", absolute()));
	json_auto struct json_doc *erofs = mounts_of("erofs", "/dev/loop0", "ro");
	json_auto struct json_doc *two = mounts_of("bind", "/", "rbind");
	json_auto struct json_doc *none = mounts_of("overlay", "overlay", "index=off");
	json_auto struct json_doc *relative = mounts_of("overlay", "overlay", "lowerdir=1/fs");
	json_auto struct json_doc *data =
		mounts_of("overlay", "overlay", "lowerdir=/a,datadir+=/b");
	struct hr_error err = {0};

	expect_result(check_with(overlay, &err), &err, "nothing is mounted there");
	cr_assert_eq(mount("layers", in_scratch("root"), "tmpfs", 0, NULL), 0);
	err = (struct hr_error){0};
	expect_result(check_with(overlay, &err), &err, "it is no overlay");
	umount(in_scratch("root"));
	cr_assert_eq(mount("overlay", in_scratch("root"), "overlay", 0,
			   options_of("1|5", absolute())),
		     0);
	err = (struct hr_error){0};
	expect_result(check_with(overlay, &err), &err, NULL);
	expect_result(check_with(erofs, &err), &err, "is mounted as erofs");
	err = (struct hr_error){0};
	expect_result(check_with(none, &err), &err, "has no lowerdir");
	err = (struct hr_error){0};
	expect_result(check_with(relative, &err), &err, "no");
	err = (struct hr_error){0};
	expect_result(check_with(data, &err), &err, "data only");
	err = (struct hr_error){0};
	json_append(json_get_mut(json_root(two), "mounts"), json_new_object(two));
	expect_result(check_with(two, &err), &err, "is 2 mounts");
	/* A file of the image that is another one. */
	make_dir("root/in", 0755, 0, 0);
	cr_assert_eq(mount("layers", in_scratch("root/in"), "tmpfs", 0, NULL), 0);
	err = (struct hr_error){0};
	expect_result(check_with(overlay, &err), &err, "is mounted in it");
}

/* Over the right one lies another. */
Test(layers, covered)
{
	json_auto struct json_doc *doc =
		mounts_of("overlay", "overlay", options_of("1|5", absolute()));
	struct hr_error err = {0};

	cr_assert_eq(mount("overlay", in_scratch("root"), "overlay", 0,
			   options_of("1|5", absolute())),
		     0);
	cr_assert_eq(mount("overlay", in_scratch("root"), "overlay", 0,
			   options_of("2|6", absolute())),
		     0);
	expect_result(check_with(doc, &err), &err, "its layer 1 of 1 is another directory");
}

/* Names through idmapped clones that are gone, as containerd 2.0 and later ones leave them. */
static const struct {
	const char *lower, *snapshot;
	char upper;
	const char *extra; /* of the snapshot */
	const char *words;
} clones[] = {
	{"/tmp/ovl-idmapped12/3/fs:/tmp/ovl-idmapped12/2/fs", "3 2|5", '5', ",uidmap=0:1:2", NULL},
	{"/tmp/ovl-idmapped12/fs", "3|5", '5', ",uidmap=0:1:2", NULL},
	{"/tmp/ovl-idmapped12/0:/tmp/ovl-idmapped12/1", "3 2|5", '5', ",uidmap=0:1:2", NULL},
	{"/tmp/ovl-idmapped12/3/fs:/tmp/ovl-idmapped12/1/fs", "3 2|5", '5', ",uidmap=0:1:2",
	 "its layer"},
	{"/tmp/ovl-idmapped12/1:/tmp/ovl-idmapped12/0", "3 2|5", '5', ",uidmap=0:1:2", "its layer"},
	{"/tmp/ovl-idmapped12/3/fs:/tmp/ovl-idmapped12/2/fs", "3 2|5", '6', ",uidmap=0:1:2",
	 "its upper directory is another directory"},
	{"/tmp/ovl-idmapped12/3/fs:/tmp/ovl-idmapped12/2/fs", "3 2|5", '5', "", "its layer"},
	{"/tmp/ovl-idmapped12x/3/fs:/tmp/ovl-idmapped12/2/fs", "3 2|5", '5', ",uidmap=0:1:2",
	 "its layer"},
	{"/tmp/ovl-idmapped12/3/fs", "3 2|5", '5', ",uidmap=0:1:2", "it has 1 layers"},
};

static void check_clones(const void *row, size_t i)
{
	char super[8192], options[8192];
	struct mount_entry entry = {.type = "overlay", .root = "/", .super = super};
	json_auto struct json_doc *doc = NULL;
	struct hr_error err = {0};
	int result;

	(void)row;
	entry.point = in_scratch("root");
	snprintf(super, sizeof(super), "rw,lowerdir=%s,upperdir=%s/%c/fs,workdir=%s/%c/work",
		 clones[i].lower, in_scratch(SNAPSHOTS), clones[i].upper, in_scratch(SNAPSHOTS),
		 clones[i].upper);
	snprintf(options, sizeof(options), "%s%s", options_of(clones[i].snapshot, absolute()),
		 clones[i].extra);
	doc = mounts_of("overlay", "overlay", options);
	result = layers_overlay(&entry, json_get(json_root(doc), "mounts")->first, &err);
	if (!clones[i].words)
		cr_expect_eq(result, 0, "%s: %s", clones[i].lower, err.msg);
	else
		cr_expect(result == -1 && strstr(err.msg, clones[i].words), "%s: %s",
			  clones[i].lower, err.msg);
	expect_no_trap(err.msg);
}

ROWS(layers, clones)
