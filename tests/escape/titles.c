/* SPDX-License-Identifier: Apache-2.0 */
/* The vectors in groups that fit on a page: a row of the README's table each. */
#include "probe.h"

#define MOST_VECTORS 6

static const struct {
	const char *title;
	int vectors[MOST_VECTORS];
} groups[] = {
	{"the host's runtime, sockets, processes", {1, 2, 11, 30, 32}},
	{"mounting, cgroup release_agent", {4, 5, 27}},
	{"pipe splicing (Dirty Pipe)", {7}},
	{"user and other namespaces", {9, 25, 26}},
	{"netlink: nf_tables, xfrm, audit", {10, 42}},
	{"security labels", {15, 47}},
	{"kernel keyrings", {17}},
	{"other processes: memory, descriptors", {18, 53}},
	{"files by handle (shocker)", {19, 20}},
	{"userfaultfd, io_uring", {21, 22}},
	{"bpf, perf events", {23, 24}},
	{"what the kernel starts: core_pattern", {28, 29}},
	{"device nodes", {33}},
	{"writing to procfs, sysfs, cgroups", {35, 36}},
	{"vsock and crypto sockets", {37, 38, 39}},
	{"packet, raw and XDP sockets", {40}},
	{"rare socket families and protocols", {41}},
	{"ioctl: TIOCSTI, drivers, modules", {43}},
	{"personality, prctl", {44, 62}},
	{"foreign ABIs, segments, I/O ports", {45, 46}},
	{"message queues (heap spray)", {48}},
	{"programs: no file, /tmp, setuid", {49, 50, 59}},
	{"kernel addresses and internals", {51}},
	{"the machine: modules, kexec, clock", {34, 52}},
	{"options of ordinary sockets", {63}},
	{"commands of ordinary calls", {64}},
};

const char *title_of(int vector)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		for (size_t j = 0; j < MOST_VECTORS; j++) {
			if (groups[i].vectors[j] == vector)
				return groups[i].title;
		}
	}
	return "";
}
