/* SPDX-License-Identifier: Apache-2.0 */
/* Which known escapes a runtime is open to, by its version and by its package. */
#include "host/escapes.h"

#include "load.h"
#include "unit.h"

#define OF_2025	  "31133 52565 52881 "
#define SINCE_RC3 "5736 30465 " OF_2025 "41579 119101 "
#define ALL_RUNC  "5736 30465 21626 " OF_2025 "41579 119101 "
#define ALL_CRUN  "5736 18837 47766 88264 88265 115520 "
#define CRUN_1	  "47766 88264 88265 115520 "

/* The last numbers of the names. */
static const struct {
	enum runtime_kind kind;
	const char *version, *package, *open;
} rows[] = {
	{RUNTIME_RUNC, "runc version 1.0.0-rc2", "", "5736 30465 31133 52881 41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.0.0-rc3", "", SINCE_RC3},
	{RUNTIME_RUNC, "runc version 1.0.0-rc6+dev", "", SINCE_RC3},
	{RUNTIME_RUNC, "runc version 1.0.0-rc7", "", "30465 " OF_2025 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.0.0-rc10", "", "30465 " OF_2025 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.0.0-rc92", "", "30465 " OF_2025 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.0.0-rc93", "", "30465 21626 " OF_2025 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.0.0-rc95", "", "21626 " OF_2025 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.0.0", "", "21626 " OF_2025 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.1.5+ds1", "", "21626 " OF_2025 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.1.11", "", "21626 " OF_2025 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.1.12", "", OF_2025 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.1.99", "", OF_2025 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.2.7", "", OF_2025 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.2.8", "", "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.3.0-dev", "", OF_2025 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.3.2+dev", "", OF_2025 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.3.3", "", "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.3.6", "", "119101 "},
	{RUNTIME_RUNC, "runc version 1.3.7", "", ""},
	{RUNTIME_RUNC, "runc version 1.4.0-rc.2", "", OF_2025 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.4.0-rc.3", "", "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.4.0", "", "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.4.10", "", ""},
	{RUNTIME_RUNC, "runc version 1.5.0-rc.1+dev", "", "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.5.0-rc.3", "", "119101 "},
	{RUNTIME_RUNC, "runc version 1.6.0-rc.1", "", "119101 "},
	{RUNTIME_RUNC, "runc version 1.6.0-rc.2", "", ""},
	{RUNTIME_RUNC, "runc version 1.10.0", "", ""},
	{RUNTIME_RUNC, "runc version 2.0.0", "", ""},
	/* what cannot be read */
	{RUNTIME_RUNC, "", "", ALL_RUNC},
	{RUNTIME_RUNC, "runc", "", ALL_RUNC},
	{RUNTIME_RUNC, "runc version unknown", "", ALL_RUNC},
	{RUNTIME_RUNC, "runc version 9", "", ALL_RUNC},
	{RUNTIME_RUNC, "runc version 1.", "", ALL_RUNC},
	{RUNTIME_RUNC, "runc version v1.5.3", "", ALL_RUNC},
	{RUNTIME_RUNC, "runc version 1.5.3x", "", ALL_RUNC},
	{RUNTIME_RUNC, "runc version 1.5.3-", "", ALL_RUNC},
	{RUNTIME_RUNC, "runc version 1.6.0-beta1", "", ALL_RUNC},
	{RUNTIME_RUNC, "runc version 1.6.0-rc", "", ALL_RUNC},
	{RUNTIME_RUNC, "runc version 1.6.0-0.rc2", "", ALL_RUNC},
	{RUNTIME_RUNC, "runc version 1.99999999999999999999.0", "", ALL_RUNC},
	{RUNTIME_RUNC, "runc version -1.5.3", "", ALL_RUNC},
	/* a distribution's fix */
	{RUNTIME_RUNC, "runc version 1.1.5+ds1", "1.1.5+ds1-1", "21626 " OF_2025 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.1.5+ds1", "1.1.5+ds1-1+deb12u1", OF_2025 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.1.5+ds1", "1.1.5+ds1-1+deb12u1+b3", OF_2025 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.1.5+ds1", "1.1.5+ds1-1+deb12u12", OF_2025 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.1.5+ds1", "1.1.5+ds1-1+deb12u1~bpo",
	 "21626 " OF_2025 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.1.5+ds1", "1.1.5+ds1-1+deb12u",
	 "21626 " OF_2025 "41579 119101 "},
	/* another build in the package's place */
	{RUNTIME_RUNC, "runc version 1.1.5", "1.1.5+ds1-1+deb12u1",
	 "21626 " OF_2025 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.1.4", "1.1.5+ds1-1+deb12u1",
	 "21626 " OF_2025 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.0.0~rc93+ds1", "1.0.0~rc93+ds1-5+deb11u2",
	 "30465 21626 " OF_2025 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.0.0~rc93+ds1", "1.0.0~rc93+ds1-5+deb11u3",
	 "30465 " OF_2025 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.1.7-0ubuntu1~22.04.1", "1.1.7-0ubuntu1~22.04.1",
	 "21626 " OF_2025 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.1.7-0ubuntu1~22.04.2", "1.1.7-0ubuntu1~22.04.2",
	 OF_2025 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.3.3-0ubuntu1~24.04.2", "1.3.3-0ubuntu1~24.04.2",
	 "41579 119101 "},
	{RUNTIME_RUNC, "runc version 1.1.15+ds1", "1.1.15+ds1-2+b4", OF_2025 "41579 119101 "},
	/* crun */
	{RUNTIME_CRUN, "crun version UNKNOWN", "", ALL_CRUN},
	{RUNTIME_CRUN, "crun version 0.2", "", ALL_CRUN},
	{RUNTIME_CRUN, "crun version 0.10.4", "", "18837 " CRUN_1},
	{RUNTIME_CRUN, "crun version 0.12.2.1", "", CRUN_1},
	{RUNTIME_CRUN, "crun version 1.8.1", "1.8.1-1+deb12u1", CRUN_1},
	{RUNTIME_CRUN, "crun version 1.9", "", CRUN_1},
	{RUNTIME_CRUN, "crun version 1.27.0.0.0.3-f7e4", "", CRUN_1},
	{RUNTIME_CRUN, "crun version 1.28", "", "88264 88265 115520 "},
	{RUNTIME_CRUN, "crun version 1.30", "", "115520 "},
	{RUNTIME_CRUN, "crun version 1.31", "", ""},
	{RUNTIME_CRUN, "crun version 1.31-dirty", "", ALL_CRUN},
	/* no runc's or crun's mistakes */
	{RUNTIME_RUNSC, "runsc version release-20230920.0", "", ""},
};

static void check_rows(const __typeof__(rows[0]) *row, size_t i)
{
	json_auto struct json_doc *doc = json_new("escapes");
	struct json *list = json_new_array(doc);
	char got[512] = "";

	cr_assert_eq(escapes_list(row->kind, row->version, row->package, doc, list), 0);
	json_each(cve, list) {
		strcat(got, strrchr(cve->text, '-') + 1);
		strcat(got, " ");
	}
	cr_expect_str_eq(got, row->open, "row %zu, %s %s: %s", i, row->version, row->package, got);
}
ROWS(escapes, rows)

/* ---- dpkg's files ---- */

#define BEFORE "Package: runc-tests\nStatus: install ok installed\nVersion: 9\n\n"
#define AFTER  "\nPackage: zlib\nStatus: install ok installed\nVersion: 8\n"

static const struct {
	const char *list; /* NULL: of the program itself */
	const char *status, *version;
} packages[] = {
	{NULL, BEFORE "Package: runc\nStatus: install ok installed\nVersion: 1-2\n" AFTER, "1-2"},
	{NULL, "Package: runc\nStatus: install ok installed\nVersion: 1-2\n", "1-2"},
	{NULL, "Package: runc\nVersion: 1-2\nStatus: install ok installed\n" AFTER, "1-2"},
	{NULL, BEFORE "Package: runc\nStatus: deinstall ok config-files\nVersion: 1-2\n" AFTER, ""},
	{NULL, BEFORE "Package: runc\nStatus: install ok installed\n" AFTER, ""},
	{NULL, BEFORE "Package: runc\nVersion: 1-2\n" AFTER, ""},
	{NULL, BEFORE AFTER, ""},
	{NULL, "", ""},
	{"/.\n/usr\n/etc/passwd\n", "Package: runc\nStatus: install ok installed\nVersion: 1\n",
	 ""},
	{"", "Package: runc\nStatus: install ok installed\nVersion: 1\n", ""},
};

static void make_dpkg(const char *list, const char *status)
{
	char text[PATH_MAX * 2];

	make_dir("dpkg", 0755, 0, 0);
	make_dir("dpkg/info", 0755, 0, 0);
	make_file("runc", "a program");
	make_link("other", "runc");
	snprintf(text, sizeof(text), "/.\n/usr\n%s\n/usr/share\n", in_scratch("other"));
	make_file("dpkg/info/runc.list", list ? list : text);
	make_file("dpkg/status", status);
}

static void check_packages(const __typeof__(packages[0]) *row, size_t i)
{
	char got[PACKAGE_VERSION_SIZE];
	struct stat st;

	need_root();
	scratch_make();
	make_dpkg(row->list, row->status);
	cr_assert_eq(stat(in_scratch("runc"), &st), 0);
	package_version(in_scratch("dpkg"), RUNTIME_RUNC, &st, got);
	cr_expect_str_eq(got, row->version, "row %zu: %s", i, got);
	package_version(in_scratch("gone"), RUNTIME_RUNC, &st, got);
	cr_expect_str_eq(got, "");
	package_version(in_scratch("dpkg"), RUNTIME_CRUN, &st, got);
	cr_expect_str_eq(got, "");
	cr_assert_eq(chmod(in_scratch("dpkg/status"), 0666), 0);
	package_version(in_scratch("dpkg"), RUNTIME_RUNC, &st, got);
	cr_expect_str_eq(got, "", "a file that others can write");
	scratch_drop();
}
ROWS(escapes, packages)
