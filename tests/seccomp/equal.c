/* SPDX-License-Identifier: Apache-2.0 */
#include "lens.h"
#include "points.h"
#include "prove.h"
#include "tap.h"

#include <errno.h>

#define SHOWN 5 /* differences that are printed */

struct compare {
	const struct side *side;
	const struct prove_options *options;
	const struct abi *abi;
	size_t points, differences, by_stub;
};

uint32_t prove_number(const struct abi *abi, size_t n, uint64_t seed)
{
	static const uint32_t odd[] = {0xFFFFFFFF, 0x7FFFFFFF, 0x3FFFFFFF, 0x80000000,
				       0x7FFFFFFE, 0xFFFFFFFE, 0x40000000};
	uint64_t state = seed + n;

	if (n < NUMBER_PLAIN)
		return abi->offset + (uint32_t)n;
	n -= NUMBER_PLAIN;
	return n < sizeof(odd) / sizeof(odd[0]) ? odd[n] : (uint32_t)points_random(&state);
}

static void show(struct compare *compare, const struct seccomp_data *data, size_t first,
		 size_t other, const uint32_t answers[OCI_RUNTIMES])
{
	char point[256], one[32], two[32];

	if (compare->differences++ < SHOWN)
		tap_note("%s: %s %s, %s %s", lens_point(compare->abi, data, point),
			 oci_name((enum oci_runtime)first), lens_action(answers[first], one),
			 oci_name((enum oci_runtime)other), lens_action(answers[other], two));
}

/*
 * runc's ENOSYS for a number above those that the document names, where crun comes to the
 * default: asked for by --stub. And numbers that are no call of any ABI, bit 31 set and bit
 * 30 not: libseccomp takes them for x32 and kills, runc's stub does not and comes first.
 */
static bool is_stub(const struct compare *compare, const struct lens *lens, uint32_t nr,
		    uint32_t runc, uint32_t crun)
{
	bool no_call = nr >> 30 == 2 && crun == SECCOMP_RET_KILL_THREAD;

	return lens->fixed && runc == (SECCOMP_RET_ERRNO | ENOSYS) &&
	       (crun & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ALLOW &&
	       (compare->options->stub || no_call);
}

static void compare_point(struct compare *compare, const struct lens *lens,
			  const struct seccomp_data *data)
{
	size_t first = side_first(compare->side);
	uint32_t answers[OCI_RUNTIMES];

	compare->points++;
	lens_answers(lens, data, answers);
	for (size_t i = first + 1; i < OCI_RUNTIMES; i++) {
		if (!compare->side->starts[i] || answers[i] == answers[first])
			continue;
		if (is_stub(compare, lens, (uint32_t)data->nr, answers[first], answers[i]) ||
		    is_stub(compare, lens, (uint32_t)data->nr, answers[i], answers[first]))
			compare->by_stub++;
		else
			show(compare, data, first, i, answers);
	}
}

static void compare_call(struct compare *compare, uint32_t nr)
{
	struct seccomp_data data = {.nr = (int)nr, .arch = compare->abi->audit};
	struct point_plan plan = {.documents = {&compare->side->document},
				  .abi = compare->abi,
				  .nr = nr,
				  .limit = compare->options->points,
				  .seed = compare->options->seed};
	struct points *points;
	uint64_t args[6];
	struct lens lens;

	lens_set(&lens, compare->side, compare->abi, nr);
	if (lens.fixed) {
		compare_point(compare, &lens, &data);
		return;
	}
	points = points_new(&plan);
	while (points_next(points, args)) {
		for (size_t i = 0; i < 6; i++)
			data.args[i] = args[i];
		compare_point(compare, &lens, &data);
	}
	points_free(points);
}

bool prove_equal(const struct side *side, const struct prove_options *options, size_t *ret_points)
{
	struct compare compare = {.side = side, .options = options};
	bool starts = true;

	for (size_t i = 0; i < OCI_RUNTIMES; i++) {
		if (side->starts[i])
			continue;
		tap_note("%s does not start: %s", oci_name((enum oci_runtime)i), side->why[i]);
		starts = false;
	}
	if (side_first(side) == OCI_RUNTIMES)
		return false;
	for (size_t i = 0; i < abi_count; i++) {
		compare.abi = &abis[i];
		for (size_t n = 0; n < NUMBER_COUNT; n++)
			compare_call(&compare, prove_number(&abis[i], n, options->seed));
	}
	if (compare.differences > 0)
		tap_note("%zu points differ, %zu more by runc's stub", compare.differences,
			 compare.by_stub);
	*ret_points += compare.points;
	return starts && compare.differences == 0;
}
