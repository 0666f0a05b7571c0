/* SPDX-License-Identifier: Apache-2.0 */
/* inventory: for a terminal. */
#include "command/inventory.h"

#include "command/image.h"
#include "command/report.h"

#include <string.h>

static void show_title(const struct json *entry, struct text *to)
{
	const char *pod = json_string(entry, "pod"), *container = json_string(entry, "container");
	const char *space = json_string(entry, "namespace"), *state = json_string(entry, "state");
	const char *since = json_string(entry, "since"), *kind = json_string(entry, "kind");

	if (pod) {
		report_show(to, space ? space : "");
		text_adds(to, "/");
		report_show(to, pod);
	}
	if (pod && container) {
		text_adds(to, "/");
		report_show(to, container);
	}
	if (pod && kind && strcmp(kind, "sandbox") == 0)
		text_adds(to, " (sandbox)");
	text_adds(to, pod ? "  " : "");
	report_show(to, json_string(entry, "id"));
	if (state && strcmp(state, "committed") != 0)
		text_adds(to, " (being made)");
	else if (!json_true(entry, "running"))
		text_adds(to, " (has ended, is not deleted)");
	text_addf(to, "\n    since     %.10s %.5s UTC\n", since, since + 11);
}

static void show_value(const struct json *entry, const char *key, const char *before,
		       struct text *to)
{
	const char *value = json_string(entry, key);

	if (!value)
		return;
	text_adds(to, before);
	report_say(to, value);
}

static void show_runtime(const struct json *entry, struct text *to)
{
	show_value(entry, "profile", "    profile   ", to);
	show_value(entry, "chosen_by", ", chosen by ", to);
	show_value(entry, "handler", "\n    handler   ", to);
	show_value(entry, "runtime", ", ", to);
	show_value(entry, "runtime_version", " ", to);
	text_adds(to, "\n");
}

static void show_image(const struct json *entry, struct text *to)
{
	const struct json *image = json_get(entry, "image");
	const char *name = json_string(entry, "image_name"), *digest = json_string(image, "digest");
	text_auto struct text signer = {0};

	if (name) {
		text_adds(to, "    image     ");
		report_say(to, name);
		text_adds(to, "\n");
	}
	if (digest) {
		text_adds(to, "    digest    ");
		report_say(to, digest);
		if (json_true(image, "accepted"))
			image_signer(image, &signer);
		else
			text_adds(&signer, "not accepted (mode audit)");
		text_adds(to, ", ");
		report_say(to, signer.data ? signer.data : "");
		text_adds(to, "\n");
	}
}

static void show_mac(const struct json *entry, struct text *to)
{
	json_each(mac, json_get(entry, "mac")) {
		const char *label = json_string(mac, "label"), *kernel = json_string(mac, "kernel");

		text_addf(to, "    %-9s ", mac->key);
		report_say(to, label && label[0] ? label : "no label");
		if (kernel) {
			text_adds(to, ", kernel: ");
			report_say(to, kernel);
		}
		text_adds(to, "\n");
	}
	if (json_string(entry, "level"))
		show_value(entry, "level", "    level     ", to);
	text_adds(to, json_string(entry, "level") ? "\n" : "");
	if (json_string(entry, "range")) {
		show_value(entry, "range", "    ids       ", to);
		text_adds(to, " to +65535 of the host\n");
	}
}

static uint64_t count_of(const struct json *entry, const char *key)
{
	uint64_t value = 0;

	json_uint(json_get(entry, key), &value);
	return value;
}

static void show_counts(const struct json *entry, struct text *to)
{
	text_addf(to, "    changes   %u", (unsigned)count_of(entry, "changes"));
	text_addf(to, ", warnings %u", (unsigned)count_of(entry, "warnings"));
	if (count_of(entry, "audited") > 0)
		text_addf(to, ", left as asked by mode audit %u",
			  (unsigned)count_of(entry, "audited"));
	if (json_true(entry, "learn"))
		text_adds(to, ", learning");
	if (json_true(entry, "log"))
		text_adds(to, ", refused calls are logged by the kernel");
	text_adds(to, "\n");
}

void inventory_text(const struct json *containers, struct text *to)
{
	json_each(entry, containers) {
		show_title(entry, to);
		show_runtime(entry, to);
		show_image(entry, to);
		show_mac(entry, to);
		show_counts(entry, to);
		text_adds(to, "\n");
	}
	report_number(to, json_count(containers));
	text_adds(to, json_count(containers) == 1 ? " container is alive\n"
						  : " containers are alive\n");
}
