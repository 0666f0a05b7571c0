/* SPDX-License-Identifier: Apache-2.0 */
/* The names that may stand in a source: sorted, and what the headers of this machine say. */
#include "base/cleanup.h"
#include "seccomp/source.h"

#include <criterion/criterion.h>
#include <linux/fs.h>
#include <linux/prctl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>

static const struct {
	const char *call, *argument;
} tables[] = {
	{"socket", "domain"}, {"socket", "type"},  {"socket", "protocol"}, {"clone", "flags"},
	{"mknod", "mode"},    {"prctl", "option"}, {"ioctl", "request"},
};

Test(seccomp_constants, are_sorted_so_that_all_are_found)
{
	for (size_t t = 0; t < hr_count(tables); t++) {
		const struct argument *argument = argument_find(tables[t].call, tables[t].argument);

		cr_assert_not_null(argument);
		for (size_t i = 0; i < argument->values.count; i++) {
			const struct constant *constant = &argument->values.list[i];

			cr_expect_eq(constant_find(&argument->values, constant->name), constant,
				     "%s", constant->name);
			cr_expect(i == 0 || strcmp(constant[-1].name, constant->name) < 0, "%s",
				  constant->name);
		}
	}
}

#define HOST(call, argument, name)                      \
	{                                               \
		call, argument, #name, (uint32_t)(name) \
	}

static const struct {
	const char *call, *argument, *name;
	uint32_t value;
} host[] = {
	HOST("socket", "domain", AF_UNIX),
	HOST("socket", "domain", AF_INET6),
	HOST("socket", "domain", AF_VSOCK),
	HOST("socket", "domain", AF_ALG),
	HOST("socket", "domain", AF_XDP),
	HOST("socket", "type", SOCK_STREAM),
	HOST("socket", "type", SOCK_SEQPACKET),
	HOST("socket", "type", SOCK_PACKET),
	HOST("socket", "protocol", IPPROTO_MPTCP),
	HOST("socket", "protocol", IPPROTO_SCTP),
	HOST("socket", "protocol", IPPROTO_ICMPV6),
	HOST("clone", "flags", CLONE_NEWNS),
	HOST("clone", "flags", CLONE_NEWCGROUP),
	HOST("clone", "flags", CLONE_NEWUSER),
	HOST("clone", "flags", CLONE_NEWNET),
	HOST("mknod", "mode", S_IFMT),
	HOST("mknodat", "mode", S_IFIFO),
	HOST("mknodat", "mode", S_IFSOCK),
	HOST("prctl", "option", PR_SET_NAME),
	HOST("prctl", "option", PR_CAP_AMBIENT),
	HOST("prctl", "option", PR_SET_VMA),
	HOST("prctl", "option", PR_SET_PTRACER),
	HOST("prctl", "option", PR_PAC_GET_ENABLED_KEYS),
	HOST("ioctl", "request", TCGETS),
	HOST("ioctl", "request", TCSETAF),
	HOST("ioctl", "request", TIOCSTI),
	HOST("ioctl", "request", TIOCGWINSZ),
	HOST("ioctl", "request", TIOCGPTN),
	HOST("ioctl", "request", TIOCGPTPEER),
	HOST("ioctl", "request", FIONREAD),
	HOST("ioctl", "request", FIOASYNC),
	HOST("ioctl", "request", SIOCGIFCONF),
	HOST("ioctl", "request", SIOCOUTQNSD),
	HOST("ioctl", "request", FIGETBSZ),
	HOST("ioctl", "request", FICLONERANGE),
	HOST("ioctl", "request", FIDEDUPERANGE),
	HOST("ioctl", "request", FS_IOC_SETFLAGS),
	HOST("ioctl", "request", FS_IOC_FSGETXATTR),
};

Test(seccomp_constants, are_those_of_the_headers)
{
	bool power = strcmp(seccomp_native(), "ppc64le") == 0;

	for (size_t i = 0; i < hr_count(host); i++) {
		const struct argument *argument = argument_find(host[i].call, host[i].argument);
		const struct constant *constant = constant_find(&argument->values, host[i].name);

		cr_assert_not_null(constant, "%s", host[i].name);
		cr_expect_eq(power ? constant->power : constant->value, host[i].value, "%s",
			     host[i].name);
	}
}

/* As powerpc's headers have them. */
Test(seccomp_constants, differ_on_ppc64le)
{
	static const struct {
		const char *name;
		uint32_t power;
	} rows[] = {
		{"TCGETS", 0x402C7413},	    {"TCSETS", 0x802C7414},
		{"FIONREAD", 0x4004667F},   {"FIONBIO", 0x8004667E},
		{"TIOCGWINSZ", 0x40087468}, {"TIOCSTI", 0x5412},
		{"FICLONE", 0x80049409},    {"FS_IOC_FIEMAP", 0xC020660B},
		{"FIGETBSZ", 0x20000002},   {"TCGETS2", CONSTANT_ABSENT},
	};
	const struct argument *argument = argument_find("ioctl", "request");

	for (size_t i = 0; i < hr_count(rows); i++)
		cr_expect_eq(constant_find(&argument->values, rows[i].name)->power, rows[i].power,
			     "%s", rows[i].name);
}
