/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: generate SEED COUNT DIR OURS
 * Writes COUNT linux.seccomp documents of imaginary callers into DIR, the same ones for the
 * same seed: N-equal.json, whose conditions are EQ and MASKED_EQ alone, and N-any.json. They
 * are well-formed and all that callers do wrong: entries that overlap, contradict and repeat
 * each other, unknown names, arguments twice. Their calls and constants are those of OURS
 * and what is near. Prints the names of the files.
 */
#include "points.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct maker {
	uint64_t random;
	struct document ours;
	const char **names; /* all that OURS has, again for each entry */
	size_t name_count;
	bool equal; /* EQ and MASKED_EQ alone */
	bool alike; /* no two actions beside the default: many other documents do not start */
	FILE *out;
};

static size_t below(struct maker *maker, size_t bound)
{
	return (size_t)(points_random(&maker->random) % bound);
}

static bool chance(struct maker *maker, size_t percent)
{
	return below(maker, 100) < percent;
}

/* --- Conditions ------------------------------------------------------------------------ */

static bool names(const struct entry *entry, const char *name)
{
	return json_has_string(entry->names, name);
}

/* A condition of OURS on that call, NULL when it has none. */
static const struct condition *ours_on(struct maker *maker, const char *name)
{
	const struct condition *found = NULL;
	size_t seen = 0;

	for (size_t i = 0; i < maker->ours.count; i++) {
		const struct entry *entry = &maker->ours.entries[i];

		if (!names(entry, name))
			continue;
		for (size_t k = 0; k < entry->count; k++) {
			if (below(maker, ++seen) == 0)
				found = &entry->conditions[k];
		}
	}
	return found;
}

static uint64_t near(struct maker *maker, const struct condition *ours)
{
	uint64_t value = below(maker, 8);

	if (ours && chance(maker, 85))
		value = strcmp(ours->op, "SCMP_CMP_MASKED_EQ") == 0 ? ours->value_two : ours->value;
	switch (below(maker, 12)) {
	case 0:
		return value + 1;
	case 1:
		return value - 1;
	case 2:
		return value | UINT64_C(1) << (32 + below(maker, 32));
	case 3:
		return value ^ UINT64_C(1) << below(maker, 32);
	case 4:
		return below(maker, 64);
	case 5:
		return chance(maker, 20) ? points_random(&maker->random) : value;
	default:
		return value;
	}
}

static uint64_t mask(struct maker *maker, const struct condition *ours)
{
	switch (below(maker, 8)) {
	case 0:
		return UINT64_C(1) << below(maker, 32);
	case 1:
		return ~UINT64_C(0);
	case 2:
		return 0xFF;
	case 3:
		return chance(maker, 20) ? 0 : points_random(&maker->random) & 0xFFFFFFFF;
	case 4:
		return UINT64_C(1) << below(maker, 64) | UINT64_C(1) << below(maker, 32);
	default:
		return ours && strcmp(ours->op, "SCMP_CMP_MASKED_EQ") == 0 ? ours->value
									   : 0xFFFFFFFF;
	}
}

static void condition(struct maker *maker, const char *name, uint64_t index)
{
	static const char *const operators[] = {"EQ", "MASKED_EQ", "NE", "LT", "LE", "GE", "GT"};
	const struct condition *ours = ours_on(maker, name);
	const char *op = operators[below(maker, maker->equal ? 2 : 7)];
	uint64_t value, two = 0;

	if (ours && ours->index != index && chance(maker, 50))
		ours = NULL;
	value = near(maker, ours);
	if (strcmp(op, "MASKED_EQ") == 0) {
		two = value;
		value = mask(maker, ours);
		two &= chance(maker, 90) ? value : ~UINT64_C(0);
	}
	fprintf(maker->out, "{\"index\":%llu,\"value\":%llu,", (unsigned long long)index,
		(unsigned long long)value);
	if (two != 0 || chance(maker, 70))
		fprintf(maker->out, "\"valueTwo\":%llu,", (unsigned long long)two);
	fprintf(maker->out, "\"op\":\"SCMP_CMP_%s\"}", op);
}

/* Usually one to three arguments, rarely all of them and one again: the runtimes differ. */
static void conditions(struct maker *maker, const char *name)
{
	const struct condition *ours = ours_on(maker, name);
	bool many = chance(maker, 1);
	size_t count = many ? 7 : chance(maker, 60) ? 1 : 2 + below(maker, 2);
	uint64_t index = ours && chance(maker, 80) ? ours->index : below(maker, 3), first = index;

	fputs(",\"args\":[", maker->out);
	for (size_t i = 0; i < count; i++) {
		fputs(i > 0 ? "," : "", maker->out);
		condition(maker, name, index);
		index = chance(maker, 6) ? first : (index + 1) % (many ? 6 : 3);
	}
	fputs("]", maker->out);
}

/* --- Entries --------------------------------------------------------------------------- */

static const char *any_name(struct maker *maker)
{
	static const char *const strange[] = {"no_such_call", "socketcall", "set_tls", "_llseek",
					      "arm_fadvise64_64"};
	/* Entries with a condition have one name each: most of the list without them. */
	const char *name = maker->names[below(maker, maker->name_count)];

	return chance(maker, 4) ? strange[below(maker, hr_count(strange))] : name;
}

/* A call on which OURS has conditions: any of them, however many entries it has. */
static const char *hot_name(struct maker *maker)
{
	const char *last = "", *found = "";
	size_t seen = 0;

	for (size_t i = 0; i < maker->ours.count; i++) {
		const struct entry *entry = &maker->ours.entries[i];
		const char *name = entry->count > 0 ? entry->names->first->text : last;

		if (strcmp(name, last) != 0 && below(maker, ++seen) == 0)
			found = name;
		last = name;
	}
	return found;
}

static void action(struct maker *maker, const char *key, const char *errno_key, bool refusing)
{
	static const char *const passing[] = {"ALLOW", "ALLOW", "ALLOW", "ALLOW", "LOG"};
	static const char *const other[] = {"ERRNO", "ERRNO",	     "ERRNO",	    "ERRNO",
					    "TRAP",  "KILL_PROCESS", "KILL_THREAD", "KILL"};
	const char *name = refusing ? other[below(maker, hr_count(other))]
				    : passing[below(maker, hr_count(passing))];

	if (maker->alike && strcmp(key, "action") == 0) {
		fprintf(maker->out, "\"action\":\"SCMP_ACT_%s\"", refusing ? "ERRNO" : "ALLOW");
		return;
	}

	if (refusing && chance(maker, 6)) /* runc takes no default of NOTIFY */
		name = strcmp(key, "action") == 0 && chance(maker, 50) ? "NOTIFY" : "TRACE";
	fprintf(maker->out, "\"%s\":\"SCMP_ACT_%s\"", key, name);
	/* crun refuses an errno where the action has none. */
	if (chance(maker, strcmp(name, "ERRNO") == 0 ? 60 : 1))
		fprintf(maker->out, ",\"%s\":%zu", errno_key, below(maker, 4096));
}

static void make_entry(struct maker *maker, bool allows)
{
	bool hot = chance(maker, 60), bare = chance(maker, 35);
	size_t count = chance(maker, 70) ? 1 : 2 + below(maker, 4);
	const char *name = hot ? hot_name(maker) : any_name(maker);

	fprintf(maker->out, "{\"names\":[\"%s\"", name);
	for (size_t i = 1; i < count; i++)
		fprintf(maker->out, ",\"%s\"",
			chance(maker, 30) ? hot_name(maker) : any_name(maker));
	fputs("],", maker->out);
	action(maker, "action", "errnoRet",
	       maker->alike ? allows : chance(maker, allows ? 80 : 30));
	if (!bare)
		conditions(maker, name);
	else if (chance(maker, 20))
		fputs(",\"args\":[]", maker->out);
	fputs("}", maker->out);
}

/* Most of what OURS names, let through: what real lists begin with. */
static void base_entry(struct maker *maker)
{
	bool with_hot = chance(maker, 30);
	const char *before = "";

	fputs("{\"names\":[", maker->out);
	for (size_t i = 0; i < maker->ours.count; i++) {
		if (maker->ours.entries[i].count > 0 && !with_hot)
			continue;
		json_each(name, maker->ours.entries[i].names) {
			if (chance(maker, 10))
				continue;
			fprintf(maker->out, "%s\"%s\"", before, name->text);
			before = ",";
		}
	}
	fputs("],\"action\":\"SCMP_ACT_ALLOW\"}", maker->out);
}

static void entries(struct maker *maker, bool allows)
{
	size_t count = below(maker, 30);
	bool first = !allows;

	fputs(",\"syscalls\":[", maker->out);
	if (!allows)
		base_entry(maker);
	for (size_t i = 0; i < count; i++, first = true) {
		uint64_t before = maker->random;

		fputs(first ? "," : "", maker->out);
		make_entry(maker, allows);
		if (chance(maker, 5)) { /* the same once more */
			uint64_t after = maker->random;

			maker->random = before;
			fputs(",", maker->out);
			make_entry(maker, allows);
			maker->random = after;
		}
	}
	fputs("]", maker->out);
}

/* --- Documents ------------------------------------------------------------------------- */

static void architectures(struct maker *maker)
{
#if defined(__x86_64__)
	static const char *const lists[] = {
		"\"SCMP_ARCH_X86_64\"",
		"\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"",
		"\"SCMP_ARCH_X32\",\"SCMP_ARCH_X86_64\"",
		"\"SCMP_ARCH_X86\",\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86_64\"",
		"\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"",
	};
#else
	static const char *const lists[] = {
		"\"SCMP_ARCH_AARCH64\"",
		"\"SCMP_ARCH_ARM\",\"SCMP_ARCH_AARCH64\"",
	};
#endif
	if (chance(maker, 96)) /* without: the native one */
		fprintf(maker->out, ",\"architectures\":[%s]",
			lists[below(maker, hr_count(lists))]);
}

static void document(struct maker *maker)
{
	bool allows = chance(maker, 30);

	maker->alike = chance(maker, 60);

	fputs("{", maker->out);
	action(maker, "defaultAction", "defaultErrnoRet", !allows);
	architectures(maker);
	entries(maker, allows);
	fputs("}\n", maker->out);
}

static int write_one(struct maker *maker, const char *dir, unsigned long n)
{
	char path[4096];

	maker->equal = n % 2 == 0;
	snprintf(path, sizeof(path), "%s/%05lu-%s.json", dir, n, maker->equal ? "equal" : "any");
	maker->out = fopen(path, "we");
	if (!maker->out) {
		perror(path);
		return -1;
	}
	document(maker);
	fclose(maker->out);
	puts(path);
	return 0;
}

/* --- Ours ------------------------------------------------------------------------------ */

static int load(struct maker *maker, const char *file, struct json_doc **ret_json,
		struct hr_error *err)
{
	hr_autofree char *text = NULL;
	size_t len;

	if (file_read_at(AT_FDCWD, file, file, JSON_MAX_BYTES, &text, &len, NULL, err) < 0 ||
	    json_parse(file, text, len, false, ret_json, err) < 0 ||
	    document_read(json_root(*ret_json), &maker->ours, err) < 0)
		return -1;
	for (size_t i = 0; i < maker->ours.count; i++)
		maker->name_count += json_count(maker->ours.entries[i].names);
	maker->names = calloc(maker->name_count + 1, sizeof(*maker->names));
	maker->name_count = 0;
	for (size_t i = 0; i < maker->ours.count; i++) {
		json_each(name, maker->ours.entries[i].names)
			maker->names[maker->name_count++] = name->text;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct maker maker = {0};
	struct hr_error err = {0};
	struct json_doc *json = NULL;
	unsigned long count;
	int rc = 0;

	if (argc != 5) {
		fprintf(stderr, "usage: generate SEED COUNT DIR OURS\n");
		return 2;
	}
	if (load(&maker, argv[4], &json, &err) < 0) {
		fprintf(stderr, "generate: %s\n", err.msg);
		return 2;
	}
	count = strtoul(argv[2], NULL, 10);
	for (unsigned long i = 0; rc == 0 && i < count; i++) {
		maker.random = strtoull(argv[1], NULL, 10) + (i << 32);
		rc = write_one(&maker, argv[3], i);
	}
	free(maker.names);
	document_free(&maker.ours);
	json_free(json);
	return rc == 0 ? 0 : 4;
}
