/* SPDX-License-Identifier: Apache-2.0 */
/* A line of a log: whatever it is, a record is whole, and the same behind each log's own words. */
#include "fuzz.h"

#include "audit/kernel.h"

static void check_text(const char *text, size_t room)
{
	must(strnlen(text, room) < room);
}

static void check_record(const struct kernel_record *record)
{
	must(record->kind < KERNEL_RECORD_KINDS);
	must(record->pid >= 0);
	must(record->seconds >= 0);
	must(record->milliseconds >= 0 && record->milliseconds < 1000);
	check_text(record->comm, sizeof(record->comm));
	check_text(record->exe, sizeof(record->exe));
	check_text(record->subject, sizeof(record->subject));
	check_text(record->what, sizeof(record->what));
	must(record->kind == KERNEL_SECCOMP || (record->arch == 0 && record->code == 0));
	must(record->kind != KERNEL_SECCOMP || record->what[0] == '\0');
}

/* The same line as the kernel's buffer has it. */
static void check_kmsg(const char *line, size_t len, const struct kernel_record *record)
{
	static const char head[] = "5,1,2,-;";
	hr_autofree char *copy = malloc(sizeof(head) + len);
	struct kernel_record again;

	must(copy);
	memcpy(copy, head, sizeof(head) - 1);
	memcpy(copy + sizeof(head) - 1, line, len);
	must(kernel_record_parse(copy, sizeof(head) - 1 + len, &again));
	must(again.pid == record->pid && again.serial == record->serial);
	/* Priority 13: a process wrote it. */
	copy[0] = '9';
	must(!kernel_record_parse(copy, sizeof(head) - 1 + len, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hr_autofree char *line = malloc(size + 1); /* not terminated: no byte behind it is read */
	struct kernel_record record;

	must(line);
	line = realloc(line, size ? size : 1);
	memcpy(line, data, size);
	if (!kernel_record_parse(line, size, &record))
		return 0;
	check_record(&record);
	if (size > 12 && memcmp(line, "audit: type=", 12) == 0)
		check_kmsg(line, size, &record);
	return 0;
}
