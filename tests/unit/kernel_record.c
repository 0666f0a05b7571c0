/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's audit records in every log that holds them. */
#include "audit/kernel.h"

#include "unit.h"

#define PLAIN                                                                                    \
	"auid=4294967295 uid=0 gid=0 ses=4294967295 pid=25981 comm=\"plain\" exe=\"/srv/m/mk\" " \
	"sig=0 arch=c000003e syscall=161 compat=0 ip=0x7f4fbcb9a829 code=0x50000"
#define STAMP	"audit(1795406642.770:15965): "
#define ERRNO	0x50000
#define X86_64	0xc000003e
#define NOBODY	4294967295
#define SECONDS 1795406642

/* The same record as each log has it. */
static const struct {
	const char *line;
	bool stamped;
} logs[] = {
	{"5,90870,88460316457,-;audit: type=1326 " STAMP PLAIN, true},
	{"5,90870,88460316457,-,caller=T25981;audit: type=1326 " STAMP PLAIN "\n", true},
	{"[88460.316457] audit: type=1326 " STAMP PLAIN, true},
	{"[88460.316457][T25981] audit: type=1326 " STAMP PLAIN, true},
	{"[Mon Nov 23 04:04:02 2026] audit: type=1326 " STAMP PLAIN, true},
	{"<5>[88460.316457] audit: type=1326 " STAMP PLAIN, true},
	{"kern  :notice: [88460.316457] audit: type=1326 " STAMP PLAIN, true},
	{"audit: type=1326 " STAMP PLAIN, true},
	{"Nov 23 04:04:02 node-1 kernel: audit: type=1326 " STAMP PLAIN, true},
	{"Nov 23 04:04:02 node-1 kernel: [88460.316457] audit: type=1326 " STAMP PLAIN, true},
	{"2026-11-23T04:04:02+00:00 node-1 kernel: audit: type=1326 " STAMP PLAIN, true},
	{"[88460.316457] node-1 kernel: audit: type=1326 " STAMP PLAIN, true},
	{"Nov 23 04:04:02 node-1 audit[25981]: SECCOMP " PLAIN, false},
	{"MESSAGE=audit: type=1326 " STAMP PLAIN, true},
	{"MESSAGE=SECCOMP " PLAIN, false},
	{"type=SECCOMP msg=" STAMP PLAIN, true},
	{"type=UNKNOWN[1326] msg=" STAMP PLAIN, true},
	{"type=1326 msg=" STAMP PLAIN, true},
	{"node=node-1 type=SECCOMP msg=" STAMP PLAIN "\n", true},
	{"type=SECCOMP msg=" STAMP PLAIN "\x1d"
	 "AUID=\"unset\" UID=\"root\" GID=\"root\" ARCH=x86_64 SYSCALL=chroot\r\n",
	 true},
};

static bool parse(const char *line, struct kernel_record *ret)
{
	memset(ret, 0xee, sizeof(*ret));
	return kernel_record_parse(line, strlen(line), ret);
}

static void check_logs(typeof(&logs[0]) row, size_t at)
{
	struct kernel_record record;

	(void)at;
	cr_assert(parse(row->line, &record), "%s", row->line);
	cr_expect_eq(record.kind, KERNEL_SECCOMP);
	cr_expect_eq(record.seconds, row->stamped ? SECONDS : 0);
	cr_expect_eq(record.milliseconds, row->stamped ? 770 : 0);
	cr_expect_eq(record.serial, row->stamped ? 15965 : 0);
	cr_expect_eq(record.pid, 25981);
	cr_expect_eq(record.uid, 0);
	cr_expect_str_eq(record.comm, "plain");
	cr_expect_str_eq(record.exe, "/srv/m/mk");
	cr_expect_str_eq(record.subject, "");
	cr_expect_eq(record.arch, X86_64);
	cr_expect_eq(record.call, 161);
	cr_expect_eq(record.code, ERRNO);
	cr_expect(record.refused);
	cr_expect_str_eq(record.what, "");
}

ROWS(kernel_record, logs)

#define S                                                                            \
	"audit: type=1326 audit(1795406642.774:15966): auid=4294967295 uid=0 gid=0 " \
	"ses=4294967295 "
#define A "audit: type=1400 audit(1795406642.774:15966): apparmor=\"DENIED\" "
#define V "type=AVC msg=audit(1795406642.774:15966): avc:  denied  "
#define C "sig=0 arch=c000003e syscall=161 compat=0 ip=0x7f44a30d1829 code=0x50000"

/* Records of every sort. */
static const struct {
	const char *line;
	struct kernel_record wanted;
} kinds[] = {
	{S "pid=25982 comm=6120622263 exe=2F746D702F4B2F6D2F6D206B " C,
	 {KERNEL_SECCOMP, .pid = 25982, .comm = "a b\"c", .exe = "/tmp/K/m/m k", .arch = X86_64,
	  .call = 161, .code = ERRNO}},
	{S "pid=25983 comm=\"name\" exe=\"/mk\" sig=0 arch=c000003e syscall=-1 compat=0 "
	   "ip=0x7fb1d333f829 code=0x50000",
	 {KERNEL_SECCOMP, .pid = 25983, .comm = "name", .exe = "/mk", .arch = X86_64, .call = -1,
	  .code = ERRNO}},
	{S "pid=25988 comm=\"lg\" exe=\"/mk\" sig=0 arch=c000003e syscall=161 compat=0 "
	   "ip=0x7fd1c59e1829 code=0x7ffc0000",
	 {KERNEL_SECCOMP, .pid = 25988, .comm = "lg", .exe = "/mk", .arch = X86_64, .call = 161,
	  .code = 0x7ffc0000}},
	{S "pid=25989 comm=\"die\" exe=\"/mk\" sig=31 arch=c000003e syscall=161 compat=0 "
	   "ip=0x7f190e498829 code=0x80000000",
	 {KERNEL_SECCOMP, .pid = 25989, .comm = "die", .exe = "/mk", .arch = X86_64, .call = 161,
	  .code = 0x80000000}},
	{S "pid=7512 comm=\"probe\" exe=\"/probe\" sig=31 arch=c000003e syscall=1073742344 "
	   "compat=0 ip=0x43f5d9 code=0x0",
	 {KERNEL_SECCOMP, .pid = 7512, .comm = "probe", .exe = "/probe", .arch = X86_64,
	  .call = 1073742344}},
	{S "subj=system_u:system_r:container_t:s0:c284,c594 pid=7 comm=\"ls\" exe=\"/bin/ls\" " C,
	 {KERNEL_SECCOMP, .pid = 7, .comm = "ls", .exe = "/bin/ls",
	  .subject = "system_u:system_r:container_t:s0:c284,c594", .arch = X86_64, .call = 161,
	  .code = ERRNO}},
	{S "subj=hardrun-default (enforce) pid=7 comm=\"ls\" exe=\"/bin/ls\" " C,
	 {KERNEL_SECCOMP, .pid = 7, .comm = "ls", .exe = "/bin/ls", .subject = "hardrun-default",
	  .arch = X86_64, .call = 161, .code = ERRNO}},
	{S "subj==cri-containerd.apparmor.d (enforce) pid=7 comm=\"ls\" exe=\"/bin/ls\" " C,
	 {KERNEL_SECCOMP, .pid = 7, .comm = "ls", .exe = "/bin/ls",
	  .subject = "cri-containerd.apparmor.d", .arch = X86_64, .call = 161, .code = ERRNO}},
	{S "subj=cafe pid=7 comm=\"ls\" exe=\"/bin/ls\" " C,
	 {KERNEL_SECCOMP, .pid = 7, .comm = "ls", .exe = "/bin/ls", .subject = "cafe",
	  .arch = X86_64, .call = 161, .code = ERRNO}},
	{S "subj=? pid=7 comm=\"ls\" exe=(null) " C,
	 {KERNEL_SECCOMP, .pid = 7, .comm = "ls", .exe = "(null)", .arch = X86_64, .call = 161,
	  .code = ERRNO}},
	{S "pid=7 comm=\"pid=9,uid=8\" exe=\"/a=b\" " C,
	 {KERNEL_SECCOMP, .pid = 7, .comm = "pid=9,uid=8", .exe = "/a=b", .arch = X86_64,
	  .call = 161, .code = ERRNO}},
	{A "operation=\"open\" class=\"file\" profile=\"hardrun-default\" name=\"/proc/kcore\" "
	   "pid=812 comm=\"cat\" requested_mask=\"r\" denied_mask=\"r\" fsuid=1000 ouid=0",
	 {KERNEL_APPARMOR, .pid = 812, .uid = 1000, .comm = "cat", .subject = "hardrun-default",
	  .what = "open /proc/kcore (r)"}},
	{A "operation=\"mknod\" profile=\"p//null-/bin/x y\" name=2F746D702F6120622F63 pid=812 "
	   "comm=\"sh\" requested_mask=\"c\" denied_mask=\"c\" fsuid=0 ouid=0",
	 {KERNEL_APPARMOR, .pid = 812, .comm = "sh", .subject = "p//null-/bin/x y",
	  .what = "mknod /tmp/a b/c (c)"}},
	{A "operation=\"capable\" class=\"cap\" profile=\"hardrun-default\" pid=812 comm=\"ping\" "
	   "capability=13  capname=\"net_raw\"",
	 {KERNEL_APPARMOR, .pid = 812, .uid = NOBODY, .comm = "ping", .subject = "hardrun-default",
	  .what = "capable net_raw"}},
	{A "operation=\"create\" class=\"net\" profile=\"hardrun-default\" pid=812 comm=\"ping\" "
	   "family=\"inet\" sock_type=\"raw\" protocol=1 requested_mask=\"create\" "
	   "denied_mask=\"create\"",
	 {KERNEL_APPARMOR, .pid = 812, .uid = NOBODY, .comm = "ping", .subject = "hardrun-default",
	  .what = "create inet raw (create)"}},
	{A "operation=\"signal\" class=\"signal\" profile=\"hardrun-default\" pid=812 "
	   "comm=\"kill\" requested_mask=\"send\" denied_mask=\"send\" signal=term "
	   "peer=\"unconfined\"",
	 {KERNEL_APPARMOR, .pid = 812, .uid = NOBODY, .comm = "kill", .subject = "hardrun-default",
	  .what = "signal term unconfined (send)"}},
	{A "operation=\"mount\" class=\"mount\" info=\"failed flags match\" error=-13 "
	   "profile=\"hardrun-default\" name=\"/mnt/\" pid=812 comm=\"mount\" fstype=\"tmpfs\" "
	   "srcname=\"tmpfs\"",
	 {KERNEL_APPARMOR, .pid = 812, .uid = NOBODY, .comm = "mount", .subject = "hardrun-default",
	  .what = "mount /mnt/"}},
	{V "{ read open } for  pid=2119 comm=\"cat\" path=\"/data/x\" dev=\"dm-0\" ino=394 "
	   "scontext=system_u:system_r:container_t:s0:c1,c2 "
	   "tcontext=system_u:object_r:var_t:s0 tclass=file permissive=0",
	 {KERNEL_SELINUX, .pid = 2119, .uid = NOBODY, .comm = "cat",
	  .subject = "system_u:system_r:container_t:s0:c1,c2",
	  .what = "read open /data/x of file, system_u:object_r:var_t:s0"}},
	{V "{ name_bind } for  pid=2739 comm=\"nginx\" src=4881 "
	   "scontext=system_u:system_r:container_t:s0:c1,c2 "
	   "tcontext=system_u:object_r:unreserved_port_t:s0 tclass=tcp_socket permissive=1",
	 {KERNEL_SELINUX, .pid = 2739, .uid = NOBODY, .comm = "nginx",
	  .subject = "system_u:system_r:container_t:s0:c1,c2",
	  .what = "name_bind of tcp_socket, system_u:object_r:unreserved_port_t:s0 (permissive: "
		  "not refused)"}},
	{"[1.5] audit: type=1400 audit(1795406642.774:15966): avc:  denied  { write } for  "
	 "pid=9 comm=\"sh\" name=612062 dev=\"tmpfs\" ino=5 scontext=u:r:t:s0 tcontext=u:r:o:s0 "
	 "tclass=dir permissive=0",
	 {KERNEL_SELINUX, .pid = 9, .uid = NOBODY, .comm = "sh", .subject = "u:r:t:s0",
	  .what = "write a b of dir, u:r:o:s0"}},
};

static void check_kinds(typeof(&kinds[0]) row, size_t at)
{
	const struct kernel_record *wanted = &row->wanted;
	struct kernel_record record;

	(void)at;
	cr_assert(parse(row->line, &record), "%s", row->line);
	cr_expect_eq(record.kind, wanted->kind);
	cr_expect_eq(record.seconds, SECONDS);
	cr_expect_eq(record.milliseconds, 774);
	cr_expect_eq(record.serial, 15966);
	cr_expect_eq(record.pid, wanted->pid);
	cr_expect_eq(record.uid, wanted->uid);
	cr_expect_str_eq(record.comm, wanted->comm);
	cr_expect_str_eq(record.exe, wanted->exe);
	cr_expect_str_eq(record.subject, wanted->subject);
	cr_expect_eq(record.arch, wanted->arch);
	cr_expect_eq(record.call, wanted->call);
	cr_expect_eq(record.code, wanted->code);
	cr_expect_eq(record.refused,
		     wanted->code != 0x7ffc0000 && !strstr(wanted->what, "(permissive"));
	cr_expect_str_eq(record.what, wanted->what);
}

ROWS(kernel_record, kinds)

/* What is no record, or not the kernel's. */
static const char *const none[] = {
	"",
	"\n",
	"audit",
	"audit: ",
	"type=",
	"type=SECCOMP",
	"type=SECCOMP msg=",
	"type=SECCOMP msg=audit(1795406642.770:15965)",
	"type=SECCOMP msg=audit(:): " PLAIN,
	"type=SECCOMP msg=audit(1.1000:5): " PLAIN,
	"type=SECCOMP msg=audit(99999999999999999999.770:5): " PLAIN,
	"type=SECCOMP msg=audit(1795406642.770:99999999999999999999): " PLAIN,
	"type=SECCOMP msg=" STAMP,
	"type=SECCOMPX msg=" STAMP PLAIN,
	"type=SYSCALL msg=" STAMP PLAIN,
	"type=1107 msg=" STAMP "pid=1 uid=0 msg='avc:  denied  { start } for  scontext=a:b:c:s0'",
	"type=USER_AVC msg=" STAMP "pid=1 msg='avc:  denied  { start } for  scontext=a:b:c:s0'",
	"Nov 23 04:04:02 node-1 audit[1]: USER_AVC pid=1 uid=0 msg='avc:  denied  { start }'",
	"node=node-1",
	/* a process wrote it to /dev/kmsg */
	"13,90870,88460316457,-;audit: type=1326 " STAMP PLAIN,
	"5,90870,88460316457,-;rogue audit: type=1326 " STAMP PLAIN,
	"[1.0] rogue audit: type=1326 " STAMP PLAIN,
	"Nov 23 04:04:02 node-1 rogue[7]: audit: type=1326 " STAMP PLAIN,
	"Nov 23 04:04:02 node-1 kernel: rogue audit: type=1326 " STAMP PLAIN,
	"Nov 23 04:04:02 node-1 kernel: rogue: audit: type=1326 " STAMP PLAIN,
	"Nov 23 04:04:02 node-1 kernel: audit[7]: SECCOMP " PLAIN,
	"Nov 23 04:04:02 node-1 audit[x]: SECCOMP " PLAIN,
	"Nov 23 04:04:02 node-1 audit[]: SECCOMP " PLAIN,
	"Nov 23 04:04:02 node-1 auditd: SECCOMP " PLAIN,
	"rogue type=SECCOMP msg=" STAMP PLAIN,
	/* a process that calls itself so ends, and the name of its file is the rest */
	"6,100,5000,-;audit: SECCOMP [123]: segfault at 0 ip 0 sp 0 error 4 in x " PLAIN,
	"[1.0] audit: SECCOMP [123]: segfault at 0 ip 0 sp 0 error 4 in x " PLAIN,
	"Nov 23 04:04:02 node-1 kernel: audit: AVC [123]: segfault in x avc:  denied  { read } for "
	" "
	"pid=1 scontext=a:b:c:s0",
	/* the second line of a message */
	" audit: type=1326 " STAMP PLAIN,
	"\taudit: type=1326 " STAMP PLAIN,
	/* fields that are missing or not sound */
	S "comm=\"x\" exe=\"/x\" " C,
	S "pid= comm=\"x\" exe=\"/x\" " C,
	S "pid=-7 comm=\"x\" exe=\"/x\" " C,
	S "pid=\"7\" comm=\"x\" exe=\"/x\" " C,
	S "pid=2147483648 comm=\"x\" exe=\"/x\" " C,
	S "pid=7 comm=\"pid=8 " C,
	S "pid=7 comm=\"x\" sig=0 arch=c000003e compat=0 code=0x50000",
	S "pid=7 comm=\"x\" sig=0 arch=c000003e syscall= compat=0 code=0x50000",
	S "pid=7 comm=\"x\" sig=0 arch=c000003e syscall=1x compat=0 code=0x50000",
	S "pid=7 comm=\"x\" sig=0 arch=1c000003e syscall=1 compat=0 code=0x50000",
	S "pid=7 comm=\"x\" sig=0 arch=x86_64 syscall=1 compat=0 code=0x50000",
	S "pid=7 comm=\"x\" sig=0 arch=c000003e syscall=1 compat=0 code=kill",
	S "pid=7 comm=\"x\" sig=0 arch=c000003e syscall=1 compat=0",
	/* no denials */
	"type=AVC msg=" STAMP "apparmor=\"ALLOWED\" operation=\"open\" profile=\"p\" pid=1",
	"type=AVC msg=" STAMP "apparmor=\"STATUS\" operation=\"profile_load\" name=\"x\" pid=1",
	"type=AVC msg=" STAMP "avc:  granted  { read } for  pid=1 scontext=a:b:c:s0",
	"type=AVC msg=" STAMP "avc:  denied  { read for  pid=1 scontext=a:b:c:s0",
	"type=AVC msg=" STAMP "avc:  denied  { read } for  scontext=a:b:c:s0",
	"type=AVC msg=" STAMP "lsm=SMACK fn=x action=denied pid=1",
};

static void check_none(const char *const *row, size_t at)
{
	struct kernel_record record, untouched;

	(void)at;
	memset(&untouched, 0xee, sizeof(untouched));
	cr_expect_not(parse(*row, &record), "%s", *row);
	cr_expect_eq(memcmp(&record, &untouched, sizeof(record)), 0, "touched: %s", *row);
}

ROWS(kernel_record, none)

/* Values longer than their place are cut. */
Test(kernel_record, long_values)
{
	struct kernel_record record;
	char line[8192], name[4096];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(line, sizeof(line),
		 A "operation=\"open\" profile=\"%.300s\" name=\"%s\" pid=1 "
		   "comm=\"%.40s\" denied_mask=\"r\"",
		 name, name, name);
	cr_assert(parse(line, &record));
	cr_expect_eq(strlen(record.subject), sizeof(record.subject) - 1);
	cr_expect_eq(strlen(record.comm), sizeof(record.comm) - 1);
	cr_expect_eq(strlen(record.what), sizeof(record.what) - 1);
}

/* Every shorter line and every changed byte of the real ones: nothing is read beyond the end. */
Test(kernel_record, cut_and_changed)
{
	struct kernel_record record;

	for (size_t i = 0; i < hr_count(kinds); i++) {
		size_t len = strlen(kinds[i].line);

		for (size_t part = 0; part <= len; part++) {
			hr_autofree char *copy = malloc(part + 1);

			memcpy(copy, kinds[i].line, part);
			kernel_record_parse(copy, part, &record);
			if (part == 0)
				continue;
			copy[part - 1] = '\0';
			kernel_record_parse(copy, part, &record);
			copy[part - 1] = '"';
			kernel_record_parse(copy, part, &record);
		}
	}
}
