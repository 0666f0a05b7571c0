/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, dates and times. */
#include "engine/toml_private.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 64

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Two digits of at most `most`. */
static bool pair(const char **at, int least, int most)
{
	int value;

	if (!is_digit((*at)[0]) || !is_digit((*at)[1]))
		return false;
	value = ((*at)[0] - '0') * 10 + (*at)[1] - '0';
	*at += 2;
	return value >= least && value <= most;
}

static bool mark(const char **at, const char *marks)
{
	if (**at == '\0' || !strchr(marks, **at))
		return false;
	(*at)++;
	return true;
}

static bool is_date(const char **at)
{
	static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	const char *month;
	long year;

	for (int i = 0; i < 4; i++)
		if (!is_digit((*at)[i]))
			return false;
	year = strtol(*at, NULL, 10);
	*at += 4;
	month = *at + 1;
	if (year == 0 || !mark(at, "-") || !pair(at, 1, 12) || !mark(at, "-"))
		return false;
	int number = (month[0] - '0') * 10 + month[1] - '0';
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return pair(at, 1, number == 2 && !leap ? 28 : days[number - 1]);
}

static bool is_time(const char **at)
{
	if (!pair(at, 0, 23) || !mark(at, ":") || !pair(at, 0, 59) || !mark(at, ":") ||
	    !pair(at, 0, 59))
		return false;
	if (!mark(at, "."))
		return true;
	if (!is_digit(**at))
		return false;
	while (is_digit(**at))
		(*at)++;
	return true;
}

/* RFC 3339 in its four forms: with an offset, local, the date alone, the time alone. */
static bool is_moment(const char *word)
{
	const char *at = word;

	if (is_time(&at) && *at == '\0')
		return true;
	at = word;
	if (!is_date(&at))
		return false;
	if (*at == '\0')
		return true;
	if (!mark(&at, "Tt ") || !is_time(&at))
		return false;
	if (*at == '\0' || (mark(&at, "Zz") && *at == '\0'))
		return true;
	return mark(&at, "+-") && pair(&at, 0, 23) && mark(&at, ":") && pair(&at, 0, 59) &&
	       *at == '\0';
}

/* Digits of a base without the underscores between them, which stand between digits only.
 * False for none. */
static bool digits(const char **at, bool (*is)(char), char **to)
{
	bool before = false;

	for (;; (*at)++) {
		if (is(**at)) {
			*(*to)++ = **at;
			before = true;
		} else if (**at == '_' && before && is((*at)[1])) {
			before = false;
		} else {
			return before;
		}
	}
}

static bool is_hex(char c)
{
	return isxdigit((unsigned char)c) != 0;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

static bool is_binary(char c)
{
	return c == '0' || c == '1';
}

static struct json *integer(struct toml *toml, const char *plain, int base)
{
	long long value;

	errno = 0;
	value = strtoll(plain, NULL, base);
	return errno == 0 ? json_new_int(toml->doc, value) : NULL;
}

/* 0x, 0o, 0b; NULL when it is none or too large. */
static struct json *based(struct toml *toml, const char *word)
{
	char plain[WORD_MAX + 1], *to = plain;
	const char *at = word + 2;
	int base = word[1] == 'x' ? 16 : word[1] == 'o' ? 8 : 2;
	bool (*is)(char) = base == 16 ? is_hex : base == 8 ? is_octal : is_binary;

	if (!digits(&at, is, &to) || *at)
		return NULL;
	*to = '\0';
	return integer(toml, plain, base);
}

/* Decimal integers and floats; in `plain` without underscores and plus. */
static struct json *decimal(struct toml *toml, const char *word)
{
	char plain[WORD_MAX + 1], *to = plain;
	const char *at = word;
	struct json *number;
	bool whole = true;

	if (*at == '-')
		*to++ = *at;
	if (*at == '-' || *at == '+')
		at++;
	if (at[0] == '0' && (is_digit(at[1]) || at[1] == '_'))
		return NULL;
	if (!digits(&at, is_digit, &to))
		return NULL;
	if (*at == '.') {
		*to++ = *at++;
		whole = false;
		if (!digits(&at, is_digit, &to))
			return NULL;
	}
	if (*at == 'e' || *at == 'E') {
		*to++ = *at++;
		whole = false;
		if (*at == '-' || *at == '+')
			*to++ = *at++;
		if (!digits(&at, is_digit, &to))
			return NULL;
	}
	*to = '\0';
	if (*at)
		return NULL;
	if (whole)
		return integer(toml, plain, 10);
	number = json_new_string(toml->doc, plain);
	if (number)
		number->type = JSON_NUMBER;
	return number;
}

static bool is_word(char c)
{
	return c != '\0' &&
	       (is_digit(c) || isalpha((unsigned char)c) || strchr("+-_.:", c) != NULL);
}

/* The word at the reader's place; a date and a time may have a blank between them. */
static size_t take(const struct toml *toml, char word[WORD_MAX + 1])
{
	const char *text = toml->text + toml->at;
	size_t left = toml->len - toml->at, len = 0;

	while (len < left && is_word(text[len]))
		len++;
	if (len == 10 && text[4] == '-' && left > 13 && text[10] == ' ' && is_digit(text[11]) &&
	    is_digit(text[12]) && text[13] == ':')
		for (len = 11; len < left && is_word(text[len]);)
			len++;
	if (len > WORD_MAX)
		return 0;
	memcpy(word, text, len);
	word[len] = '\0';
	return len;
}

int toml_word(struct toml *toml, struct json **ret)
{
	static const char *const floats[] = {"inf", "+inf", "-inf", "nan", "+nan", "-nan", NULL};
	char word[WORD_MAX + 1], shown[TEXT_SHOWN_SIZE];
	size_t len = take(toml, word);

	if (len == 0)
		return toml_fail(toml, toml->at, "no value that TOML knows");
	if (is_moment(word) || text_in(word, floats))
		*ret = json_new_string(toml->doc, word);
	else if (word[0] == '0' && word[1] && strchr("xob", word[1]))
		*ret = based(toml, word);
	else
		*ret = decimal(toml, word);
	if (!*ret)
		return toml_fail(
			toml, toml->at,
			"%s is no number or date of TOML (or too large); text needs quotes",
			text_shown(word, len, shown));
	toml->at += len;
	return 0;
}
