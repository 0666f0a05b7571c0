/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/overlay_options.h"
#include "stage/overlay_mount.h"

#include "unit.h"

#include <sys/mount.h>

#define LABEL "system_u:object_r:container_file_t:s0:c1,c2"
#define OTHER "system_u:object_r:container_file_t:s0:c3,c4"

/* What the kernel shows, and what is passed to mount(2) for it. */
static const struct {
	const char *super;
	const char *context, *base;
	const char *data;
} written[] = {
	{"rw,lowerdir=/l,upperdir=/u,workdir=/w", NULL, NULL, "lowerdir=/l,upperdir=/u,workdir=/w"},
	{"ro,lowerdir=/a:/b:/c,redirect_dir=on", NULL, NULL, "lowerdir=/a:/b:/c,redirect_dir=on"},
	{"rw,sync,lazytime,lowerdir=/l,upperdir=/u,workdir=/w", NULL, NULL,
	 "lowerdir=/l,upperdir=/u,workdir=/w"},
	/* every option that is known */
	{"rw,lowerdir=/l,upperdir=/u,workdir=/w,default_permissions,redirect_dir=nofollow,index=on,"
	 "uuid=null,nfs_export=on,xino=auto,metacopy=off,fsync=strict,userxattr,verity=require",
	 NULL, NULL,
	 "lowerdir=/l,upperdir=/u,workdir=/w,default_permissions,redirect_dir=nofollow,index=on,"
	 "uuid=null,nfs_export=on,xino=auto,metacopy=off,fsync=strict,userxattr,verity=require"},
	/* names: the kernel's escapes around overlayfs' own */
	{"ro,lowerdir=/a\\134\\054b:/c\\040d:/e\\134:f:/g\\134\\134h:/i\\012j:/k\"l:/m\\075n", NULL,
	 NULL, "lowerdir=/a\\,b:/c d:/e\\:f:/g\\\\h:/i\nj:/k\"l:/m=n"},
	{"rw,lowerdir=/l,upperdir=/u\\134\\054x:y\"z,workdir=/w\\134\\134", NULL, NULL,
	 "lowerdir=/l,upperdir=/u\\,x:y\"z,workdir=/w\\\\"},
	/* a backslash before what needs none, and a comma that needs one with mount(2) */
	{"rw,lowerdir=/\\134l,upperdir=/u\\054v,workdir=/w", NULL, NULL,
	 "lowerdir=/l,upperdir=/u\\,v,workdir=/w"},
	/* a quote in a name is a byte; the comma behind it divides */
	{"rw,lowerdir=/a\"b,upperdir=/c\"d,workdir=/w", NULL, NULL,
	 "lowerdir=/a\"b,upperdir=/c\"d,workdir=/w"},
	{"rw,lowerdir=\"/a,upperdir=/u,workdir=/w", NULL, NULL,
	 "lowerdir=\"/a,upperdir=/u,workdir=/w"},
	/* one layer an option; nothing in it is special but for the kernel's escapes */
	{"ro,lowerdir+=/a:b,lowerdir+=/c\\054d,lowerdir+=/e\\134f", NULL, NULL,
	 "lowerdir=/a\\:b:/c\\,d:/e\\\\f"},
	/* relative ones stay; those below the base become so */
	{"rw,lowerdir=2/fs:1/fs,upperdir=/s/3/fs,workdir=/s/3/work", NULL, "/s",
	 "lowerdir=2/fs:1/fs,upperdir=/s/3/fs,workdir=/s/3/work"},
	{"rw,lowerdir=/s/2/fs:/s2/1/fs:/s:/x,upperdir=/s/3/fs,workdir=/s/3/work", NULL, "/s",
	 "lowerdir=2/fs:/s2/1/fs:/s:/x,upperdir=/s/3/fs,workdir=/s/3/work"},
	{"ro,lowerdir=/a:/b", NULL, "/", "lowerdir=/a:/b"},
	/* contexts: found, kept, replaced */
	{"rw,seclabel,lowerdir=/l,upperdir=/u,workdir=/w", LABEL, NULL,
	 "context=\"" LABEL "\",lowerdir=/l,upperdir=/u,workdir=/w"},
	{"rw,context=\"" OTHER "\",lowerdir=/l,upperdir=/u,workdir=/w,index=off", NULL, NULL,
	 "context=\"" OTHER "\",lowerdir=/l,upperdir=/u,workdir=/w,index=off"},
	{"rw,context=\"" OTHER "\",lowerdir=/l,upperdir=/u,workdir=/w,index=off", LABEL, NULL,
	 "context=\"" LABEL "\",lowerdir=/l,upperdir=/u,workdir=/w,index=off"},
	{"ro,context=u:r:t:s0,lowerdir=/a:/b", NULL, NULL, "context=\"u:r:t:s0\",lowerdir=/a:/b"},
	{"ro,fscontext=u:r:f:s0,defcontext=u:r:d:s0,rootcontext=\"u:r:r:s0:c1,c2\",lowerdir=/a:/b",
	 NULL, NULL,
	 "fscontext=\"u:r:f:s0\",defcontext=\"u:r:d:s0\",rootcontext=\"u:r:r:s0:c1,c2\","
	 "lowerdir=/a:/b"},
	{"ro,fscontext=u:r:f:s0,rootcontext=\"u:r:r:s0:c1,c2\",lowerdir=/a:/b", LABEL, NULL,
	 "context=\"" LABEL "\",lowerdir=/a:/b"},
};

static void check_written(const __typeof__(written[0]) *row, size_t i)
{
	overlay_options_auto struct overlay_options options = {0};
	text_auto struct text text = {0};
	struct hr_error err = {0};

	cr_assert_ok(overlay_options_parse(row->super, &options, &err), err);
	overlay_options_write(&options, row->context, row->base, &text);
	cr_assert_not(text.failed);
	cr_expect_str_eq(text.data, row->data, "row %zu", i);
	cr_expect(overlay_options_same(&options, &options, false));
}
ROWS(overlay, written)

static const struct {
	const char *super, *words;
} refused[] = {
	{"", "its option "},
	{"lowerdir=/l", "lowerdir=/l should be rw or ro"},
	{"rwx,lowerdir=/l", "rwx should be rw or ro"},
	{"rw", "no lowerdir"},
	{"rw,upperdir=/u,workdir=/w", "no lowerdir"},
	{"rw,lowerdir=/l,upperdir=/u", "alone"},
	{"rw,lowerdir=/l,workdir=/w", "alone"},
	{"rw,lowerdir=/l,", "its option "},
	{"rw,,lowerdir=/l", "its option "},
	{"ro,lowerdir=/a:/b,newoption", "newoption is not known"},
	{"ro,lowerdir=/a:/b,newoption=1", "newoption=1 is not known"},
	{"ro,lowerdir=/a:/b,index=maybe", "index=maybe is not known"},
	{"ro,lowerdir=/a:/b,index", "index is not known"},
	{"ro,lowerdir=/a:/b,userxattr=on", "userxattr=on is not known"},
	{"ro,lowerdir=/a:/b,=", "its option = is not known"},
	{"ro,lowerdir=/a:/b,smackfsdef=x", "smackfsdef=x is not known"},
	{"rw,lowerdir=/l,upperdir=/u,workdir=/w,volatile", "volatile lets nobody"},
	{"rw,lowerdir=/l,upperdir=/u,workdir=/w,fsync=volatile", "fsync=volatile lets nobody"},
	{"ro,lowerdir=/a::/data", "lowerdir has a layer for data only"},
	{"ro,lowerdir=:/a", "lowerdir has a layer"},
	{"ro,lowerdir=/a:", "lowerdir has a layer"},
	{"ro,lowerdir=", "lowerdir has a layer"},
	{"ro,lowerdir", "lowerdir is not known"},
	{"ro,lowerdir+=/a,datadir+=/b", "datadir\\x2B is a layer for data only"},
	{"ro,lowerdir+=", "is empty"},
	{"ro,lowerdir=/a,lowerdir=/b", "lowerdir is there twice"},
	{"ro,lowerdir+=/a,lowerdir=/b", "lowerdir is there twice"},
	{"ro,lowerdir=/a\\134", "lowerdir ends in a backslash"},
	{"ro,lowerdir=/a:/b\\134", "lowerdir ends in a backslash"},
	{"rw,lowerdir=/l,upperdir=/u,upperdir=/v,workdir=/w", "upperdir is there twice"},
	{"rw,lowerdir=/l,upperdir=/u,workdir=/w,workdir=/w", "workdir is there twice"},
	{"rw,lowerdir=/l,upperdir=,workdir=/w", "upperdir is no path"},
	{"rw,lowerdir=/l,upperdir=/u\\134,workdir=/w", "upperdir is no path"},
	{"ro,context=,lowerdir=/a:/b", "context is no SELinux context"},
	{"ro,context=\"a,lowerdir=/a:/b", "context has no end"},
	{"ro,context=\"a\"b,lowerdir=/a:/b", "context has no end"},
	{"ro,context=\"\",lowerdir=/a:/b", "context is no SELinux context"},
	{"ro,context=a\\042b,lowerdir=/a:/b", "context is no SELinux context"},
	{"ro,context,lowerdir=/a:/b", "context is not known"},
};

static void check_refused(const __typeof__(refused[0]) *row, size_t i)
{
	overlay_options_auto struct overlay_options options = {0};
	struct hr_error err = {0};

	(void)i;
	expect_error(overlay_options_parse(row->super, &options, &err), &err, HR_DENIED,
		     row->words);
}
ROWS(overlay, refused)

Test(overlay, read)
{
	overlay_options_auto struct overlay_options options = {0};

	cr_assert_eq(overlay_options_parse("ro,sync,dirsync,lazytime,seclabel,lowerdir=/a,upperdir="
					   "/u,workdir=w,index=on,userxattr",
					   &options, NULL),
		     0);
	cr_expect(options.read_only);
	cr_expect_eq(options.flags, MS_SYNCHRONOUS | MS_DIRSYNC | MS_LAZYTIME);
	cr_expect_eq(options.lower_count, 1);
	cr_expect_str_eq(options.lower[0], "/a");
	cr_expect_str_eq(options.upper, "/u");
	cr_expect_str_eq(options.work, "w");
	cr_expect_eq(options.other_count, 2);
	cr_expect_eq(options.context_count, 0);
}

static const struct {
	const char *super;
	bool labelled;
} labels[] = {
	{"ro,context=\"" LABEL "\",lowerdir=/a:/b", true},
	{"ro,context=\"" OTHER "\",lowerdir=/a:/b", false},
	{"ro,context=\"" LABEL "\",fscontext=u:r:t,lowerdir=/a:/b", false},
	{"ro,rootcontext=\"" LABEL "\",lowerdir=/a:/b", false},
	{"ro,seclabel,lowerdir=/a:/b", false},
};

static void check_labels(const __typeof__(labels[0]) *row, size_t i)
{
	overlay_options_auto struct overlay_options options = {0};

	cr_assert_eq(overlay_options_parse(row->super, &options, NULL), 0);
	cr_expect_eq(overlay_options_labelled(&options, LABEL), row->labelled, "row %zu", i);
}
ROWS(overlay, labels)

/* Against "rw,lowerdir=/l,upperdir=/u,workdir=/w,index=on". */
static const struct {
	const char *super;
	bool same, same_but_context;
} others[] = {
	{"rw,lowerdir=/l,upperdir=/u,workdir=/w,index=on", true, true},
	{"rw,lowerdir=l,upperdir=u,workdir=w,index=on", true, true},
	{"rw,lowerdir+=/l,upperdir=/u,workdir=/w,index=on", true, true},
	{"rw,context=a,lowerdir=/l,upperdir=/u,workdir=/w,index=on", false, true},
	{"ro,lowerdir=/l,upperdir=/u,workdir=/w,index=on", false, false},
	{"rw,sync,lowerdir=/l,upperdir=/u,workdir=/w,index=on", false, false},
	{"rw,lowerdir=/l:/m,upperdir=/u,workdir=/w,index=on", false, false},
	{"rw,lowerdir=/l,index=on", false, false},
	{"rw,lowerdir=/l,upperdir=/u,workdir=/w,index=off", false, false},
	{"rw,lowerdir=/l,upperdir=/u,workdir=/w", false, false},
	{"rw,lowerdir=/l,upperdir=/u,workdir=/w,index=on,userxattr", false, false},
};

static void check_others(const __typeof__(others[0]) *row, size_t i)
{
	overlay_options_auto struct overlay_options a = {0};
	overlay_options_auto struct overlay_options b = {0};

	cr_assert_eq(overlay_options_parse("rw,lowerdir=/l,upperdir=/u,workdir=/w,index=on", &a,
					   NULL),
		     0);
	cr_assert_eq(overlay_options_parse(row->super, &b, NULL), 0);
	cr_expect_eq(overlay_options_same(&a, &b, false), row->same, "row %zu", i);
	cr_expect_eq(overlay_options_same(&a, &b, true), row->same_but_context, "row %zu", i);
}
ROWS(overlay, others)

/* --- The mount ------------------------------------------------------------------------------ */

static const struct {
	const char *options;
	unsigned long flags;
	const char *refused;
} flags[] = {
	{"rw,relatime", MS_RELATIME, NULL},
	{"rw", MS_STRICTATIME, NULL},
	{"rw,noatime", MS_NOATIME, NULL},
	{"rw,nodiratime", MS_NODIRATIME | MS_STRICTATIME, NULL},
	{"ro,nosuid,nodev,noexec,nodiratime,relatime,nosymfollow",
	 MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NODIRATIME | MS_RELATIME | 256, NULL},
	{"rw,relatime,idmapped", 0, "idmapped"},
	{"rw,,relatime", 0, "option  is not known"},
	{"rw,relatim", 0, "relatim"},
	{"rw,relatimes", 0, "relatimes"},
	{"", 0, "option  is not known"},
};

static void check_flags(const __typeof__(flags[0]) *row, size_t i)
{
	struct hr_error err = {0};
	unsigned long got;
	int result = overlay_mount_flags(row->options, &got, &err);

	if (row->refused)
		expect_error(result, &err, HR_DENIED, row->refused);
	else
		cr_expect(result == 0 && got == row->flags, "row %zu: %s", i, err.msg);
}
ROWS(overlay, flags)

static const struct {
	const char *tags, *tag;
	bool has;
} tags[] = {
	{"", "shared:", false},
	{"shared:1", "shared:", true},
	{"shared:1 master:2", "master:", true},
	{"master:2 propagate_from:1", "shared:", false},
	{"unbindable", "unbindable", true},
	{"x-shared:1", "shared:", false},
};

static void check_tags(const __typeof__(tags[0]) *row, size_t i)
{
	struct mount_entry mount = {.tags = row->tags};

	cr_expect_eq(overlay_mount_tagged(&mount, row->tag), row->has, "row %zu", i);
}
ROWS(overlay, tags)

static const struct {
	struct mount_entry mount;
	const char *refused;
} mounts[] = {
	{{.type = "overlay", .root = "/", .tags = ""}, NULL},
	{{.type = "overlay", .root = "/", .tags = "shared:5"}, NULL},
	{{.type = "ext4", .root = "/", .tags = ""}, "no overlay but ext4"},
	{{.type = "overlay", .root = "/etc", .tags = ""}, "shows /etc of an overlay"},
	{{.type = "overlay", .root = "/", .tags = "shared:5 master:4"}, "another mount namespace"},
};

static void check_mounts(const __typeof__(mounts[0]) *row, size_t i)
{
	struct hr_error err = {0};
	int result = overlay_mount_check(&row->mount, &err);

	if (row->refused)
		expect_error(result, &err, HR_DENIED, row->refused);
	else
		cr_expect_eq(result, 0, "row %zu", i);
}
ROWS(overlay, mounts)
