/* SPDX-License-Identifier: Apache-2.0 */
/* What setup shows: two texts as a unified diff, and what is said beside it. */
#include "command/setup.h"

#include "base/cleanup.h"
#include "host/lsm.h"

#include <string.h>

#define CONTEXT	  3
#define CELLS_MAX ((size_t)4 * 1024 * 1024)

struct line {
	const char *text;
	size_t len; /* with its newline, if it has one */
};

struct lines {
	struct line *all;
	size_t len;
};

struct step {
	char sign; /* ' ', '-', '+' */
	struct line line;
};

struct script {
	struct step *all;
	size_t len;
};

static bool split(const struct content *content, struct lines *ret)
{
	const char *at = content->there ? content->text.data : "", *end;
	size_t count = 1;

	for (const char *c = at; *c; c++)
		count += *c == '\n';
	ret->all = calloc(count, sizeof(*ret->all));
	ret->len = 0;
	for (; ret->all && *at; at = end) {
		end = strchr(at, '\n');
		end = end ? end + 1 : at + strlen(at);
		ret->all[ret->len++] = (struct line){at, (size_t)(end - at)};
	}
	return ret->all != NULL;
}

static bool same(const struct line *a, const struct line *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

static void step(struct script *script, char sign, const struct line *line)
{
	script->all[script->len++] = (struct step){sign, *line};
}

/* The middle, where both differ: by the longest common sequence, or as a whole where that would
 * be large. */
static void middle(struct script *script, const struct line *a, size_t a_len, const struct line *b,
		   size_t b_len)
{
	size_t width = b_len + 1, i = 0, j = 0;
	hr_autofree unsigned *longest = NULL;

	if ((a_len + 1) <= CELLS_MAX / width)
		longest = calloc((a_len + 1) * width, sizeof(*longest));
	for (size_t x = a_len; longest && x-- > 0;)
		for (size_t y = b_len; y-- > 0;) {
			unsigned down = longest[(x + 1) * width + y];
			unsigned right = longest[x * width + y + 1];

			longest[x * width + y] = same(&a[x], &b[y])
							 ? longest[(x + 1) * width + y + 1] + 1
						 : down > right ? down
								: right;
		}
	while (longest && i < a_len && j < b_len) {
		if (same(&a[i], &b[j])) {
			step(script, ' ', &a[i++]);
			j++;
		} else if (longest[(i + 1) * width + j] >= longest[i * width + j + 1]) {
			step(script, '-', &a[i++]);
		} else {
			step(script, '+', &b[j++]);
		}
	}
	while (i < a_len)
		step(script, '-', &a[i++]);
	while (j < b_len)
		step(script, '+', &b[j++]);
}

static void compare(const struct lines *a, const struct lines *b, struct script *script)
{
	size_t head = 0, tail = 0;

	while (head < a->len && head < b->len && same(&a->all[head], &b->all[head]))
		step(script, ' ', &a->all[head++]);
	while (tail < a->len - head && tail < b->len - head &&
	       same(&a->all[a->len - 1 - tail], &b->all[b->len - 1 - tail]))
		tail++;
	middle(script, a->all + head, a->len - head - tail, b->all + head, b->len - head - tail);
	for (size_t i = a->len - tail; i < a->len; i++)
		step(script, ' ', &a->all[i]);
}

static void add_hunk(const struct script *script, size_t from, size_t to, struct text *text)
{
	size_t at[2] = {0, 0}, count[2] = {0, 0};

	for (size_t i = 0; i < to; i++) {
		size_t *which = i < from ? at : count;

		which[0] += script->all[i].sign != '+';
		which[1] += script->all[i].sign != '-';
	}
	text_addf(text, "@@ -%zu,%zu +%zu,%zu @@\n", at[0] + (count[0] > 0), count[0],
		  at[1] + (count[1] > 0), count[1]);
	for (size_t i = from; i < to; i++) {
		const struct step *step = &script->all[i];

		text_add(text, &step->sign, 1);
		text_add(text, step->line.text, step->line.len);
		if (step->line.text[step->line.len - 1] != '\n')
			text_adds(text, "\n\\ No newline at end of file\n");
	}
}

/* The end of the hunk that the change at `at` begins. */
static size_t hunk_end(const struct script *script, size_t at)
{
	size_t last = at;

	for (size_t i = at; i < script->len && i <= last + 2 * CONTEXT + 1; i++)
		if (script->all[i].sign != ' ')
			last = i;
	return last + 1 + CONTEXT < script->len ? last + 1 + CONTEXT : script->len;
}

void setup_diff(const char *path, const struct content *old, const struct content *new,
		struct text *to)
{
	struct lines a = {0}, b = {0};
	struct script script = {0};

	if (split(old, &a) && split(new, &b))
		script.all = calloc(a.len + b.len + 1, sizeof(*script.all));
	if (script.all) {
		compare(&a, &b, &script);
		text_addf(to, "--- %s\n+++ %s\n", old->there ? path : "/dev/null",
			  new->there ? path : "/dev/null");
	} else {
		to->failed = true;
	}
	for (size_t i = 0; i < script.len; i++) {
		size_t end;

		if (script.all[i].sign == ' ')
			continue;
		end = hunk_end(&script, i);
		add_hunk(&script, i > CONTEXT ? i - CONTEXT : 0, end, to);
		i = end - 1;
	}
	free(script.all);
	free(a.all);
	free(b.all);
}

/* ---- and what is said beside it ----------------------------------------------------- */

void setup_closing(const struct setup *setup, struct text *out)
{
	static const char *const restart[ENGINE_KINDS] = {
		[ENGINE_CONTAINERD] = "systemctl restart containerd",
		[ENGINE_CRIO] = "systemctl restart crio",
	};

	if (setup->kind == ENGINE_DOCKER)
		text_adds(out,
			  setup->remove
				  ? "Then: systemctl restart docker, which stops its containers "
				    "where daemon.json does not say live-restore.\n"
				  : "Then: systemctl reload docker. Containers stay with the "
				    "runtime that they were made with.\n");
	else if (setup->kind == ENGINE_PODMAN)
		text_adds(out, "podman reads this at its next call; containers that are there keep "
			       "their runtime.\n");
	else
		text_addf(
			out,
			"Then: %s. Containers that are running stay with the runtime they have.\n",
			restart[setup->kind]);
}

/* The profiles that the built-in policy names; another policy may name others, which doctor
 * looks for. */
static void note_profiles(struct setup *setup)
{
	static const char *const profiles[] = {"hardrun-default", "hardrun-restricted"};
	char mode[HOST_MODE];

	for (size_t i = 0; lsm_apparmor() == HOST_LSM_ON && i < hr_count(profiles); i++)
		if (!lsm_apparmor_mode(profiles[i], mode))
			text_addf(
				&setup->notes,
				"The AppArmor profile %s is not loaded, and containers that are to "
				"run under it are refused: apparmor_parser -r /etc/apparmor.d/%s\n",
				profiles[i], profiles[i]);
}

void setup_notes(struct setup *setup)
{
	bool of_pods = setup->kind == ENGINE_CONTAINERD || setup->kind == ENGINE_CRIO;

	if (setup->remove)
		return;
	if (!setup->now->installed)
		text_addf(&setup->notes, "%s is not installed here.\n", engine_name(setup->kind));
	note_profiles(setup);
	if (setup->make_default && of_pods)
		text_adds(
			&setup->notes,
			"Pods on the host's network (kube-proxy, CNI) are refused when they start "
			"anew, unless a rule of the policy allows it: hardrun-policy(5), "
			"EXAMPLES.\n");
}
