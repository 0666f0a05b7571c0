/* SPDX-License-Identifier: Apache-2.0 */
/* Options of an overlay: what is read and written as mount(2) takes it means the same when the
 * kernel shows it again. */
#include "fuzz.h"

#include "host/mountinfo.h"
#include "stage/overlay_options.h"

/* As seq_show_option() of Linux shows a value: commas and the like as \NNN. */
static void show(struct text *ret, const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (strchr(", \t\n\\", value[i]))
			text_addf(ret, "\\%03o", (unsigned char)value[i]);
		else
			text_add(ret, value + i, 1);
	}
}

/* The data of mount(2) as the kernel shows it afterwards: it divides at commas that have no
 * backslash before them, SELinux' part, which comes first, apart. */
static char *shown(const struct overlay_options *options, const char *data)
{
	struct text text = {0};

	text_adds(&text, options->read_only ? "ro" : "rw");
	for (const char *at = data; *at; at += *at == ',') {
		size_t len = 0, name = strcspn(at, "=,");
		bool context = at[name] == '=' && at[name + 1] == '"' && name > 6 &&
			       strncmp(at + name - 7, "context", 7) == 0;

		if (context)
			len = (size_t)(strchr(at + name + 2, '"') - at);
		for (; at[len] && at[len] != ','; len++)
			len += !context && at[len] == '\\' && at[len + 1];
		text_adds(&text, ",");
		if (context) {
			text_add(&text, at, len);
		} else if (name < len) {
			text_add(&text, at, name + 1);
			show(&text, at + name + 1, len - name - 1);
		} else {
			text_add(&text, at, len);
		}
		at += len;
	}
	must(!text.failed);
	return text.data;
}

static void must_equal(const char *a, const char *b)
{
	must(!a == !b && (!a || strcmp(a, b) == 0));
}

static void check_again(const struct overlay_options *options)
{
	overlay_options_auto struct overlay_options again = {0};
	text_auto struct text text = {0};
	hr_autofree char *super = NULL;

	overlay_options_write(options, NULL, NULL, &text);
	must(!text.failed && strlen(text.data) == text.len);
	super = shown(options, text.data);
	must(overlay_options_parse(super, &again, NULL) == 0);
	again.flags = options->flags;
	must(overlay_options_same(options, &again, false));
	must_equal(options->upper, again.upper);
	must_equal(options->work, again.work);
	for (size_t i = 0; i < options->lower_count; i++)
		must_equal(options->lower[i], again.lower[i]);
}

/* Ours replaces whatever is there. */
static void check_context(const struct overlay_options *options)
{
	text_auto struct text text = {0};

	overlay_options_write(options, "u:r:t:s0:c1,c2", "/base", &text);
	must(!text.failed);
	must(text_starts(text.data, "context=\"u:r:t:s0:c1,c2\",lowerdir="));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	overlay_options_auto struct overlay_options options = {0};
	hr_autofree char *super = strndup((const char *)data, size);
	hr_autofree char *table = strndup((const char *)data, size);
	struct hr_error err = {0};
	struct mountinfo info;

	if (mountinfo_parse(hr_steal(table), &info, NULL) == 0)
		for (size_t i = 0; i < info.count; i++)
			must(info.entries[i].options && info.entries[i].tags &&
			     info.entries[i].source && info.entries[i].super);
	mountinfo_done(&info);
	if (overlay_options_parse(super, &options, &err) < 0) {
		must_be_told(&err);
		return 0;
	}
	must(options.lower_count > 0 && !options.upper == !options.work);
	check_again(&options);
	check_context(&options);
	return 0;
}
