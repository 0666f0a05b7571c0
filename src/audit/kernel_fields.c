/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/kernel_fields.h"

#include <string.h>

static bool is(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(text, word, len) == 0;
}

bool rest_take(struct rest *rest, const char *word)
{
	size_t len = strlen(word);

	if (rest_left(rest) < len || memcmp(rest->at, word, len) != 0)
		return false;
	rest->at += len;
	return true;
}

bool rest_number(struct rest *rest, uint64_t *ret)
{
	const char *start = rest->at;
	uint64_t value = 0;

	for (; rest->at < rest->end && *rest->at >= '0' && *rest->at <= '9'; rest->at++) {
		unsigned digit = (unsigned)(*rest->at - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*ret = value;
	return rest->at > start;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The next KEY=VALUE; a word without = is a key with no value. */
static bool next_field(struct rest *rest, struct field *ret)
{
	const char *start, *close;

	while (rest->at < rest->end && is_blank(*rest->at))
		rest->at++;
	start = rest->at;
	while (rest->at < rest->end && !is_blank(*rest->at) && *rest->at != '=')
		rest->at++;
	*ret = (struct field){.key = start, .key_len = (size_t)(rest->at - start)};
	if (rest->at == rest->end || *rest->at != '=')
		return rest->at > start;
	ret->value = ++rest->at;
	if (rest_take(rest, "\"")) {
		/* One that does not end takes all the rest. */
		close = memchr(rest->at, '"', rest_left(rest));
		ret->value = rest->at;
		ret->value_len = (size_t)((close ? close : rest->end) - rest->at);
		ret->quoted = true;
		rest->at = close ? close + 1 : rest->end;
		return true;
	}
	while (rest->at < rest->end && !is_blank(*rest->at))
		rest->at++;
	ret->value_len = (size_t)(rest->at - ret->value);
	return true;
}

bool field_find(struct rest rest, const char *key, struct field *ret)
{
	while (next_field(&rest, ret))
		if (ret->value && is(ret->key, ret->key_len, key))
			return true;
	return false;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_hex(const struct field *field)
{
	if (field->quoted || field->value_len == 0 || field->value_len % 2 != 0)
		return false;
	for (size_t i = 0; i < field->value_len; i++)
		if (hex_digit(field->value[i]) < 0)
			return false;
	return true;
}

void field_copy(const struct field *field, char *ret, size_t room)
{
	bool hex = is_hex(field);
	size_t len = hex ? field->value_len / 2 : field->value_len;

	if (len > room - 1)
		len = room - 1;
	for (size_t i = 0; i < len; i++) {
		char c = hex ? (char)(hex_digit(field->value[2 * i]) * 16 +
				      hex_digit(field->value[2 * i + 1]))
			     : field->value[i];

		ret[i] = c ? c : '?';
	}
	ret[len] = '\0';
}

void field_get(const struct rest *rest, const char *key, char *ret, size_t room)
{
	struct field field;

	ret[0] = '\0';
	if (field_find(*rest, key, &field))
		field_copy(&field, ret, room);
}

bool field_number(const struct rest *rest, const char *key, unsigned base, uint64_t most,
		  uint64_t *ret)
{
	struct field field;
	uint64_t value = 0;

	if (!field_find(*rest, key, &field) || field.quoted)
		return false;
	if (base == 16 && field.value_len > 2 && memcmp(field.value, "0x", 2) == 0) {
		field.value += 2;
		field.value_len -= 2;
	}
	for (size_t i = 0; i < field.value_len; i++) {
		int digit = hex_digit(field.value[i]);

		if (digit < 0 || (unsigned)digit >= base || value > (most - (unsigned)digit) / base)
			return false;
		value = value * base + (unsigned)digit;
	}
	*ret = value;
	return field.value_len > 0;
}
