/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <stdarg.h>
#include <stdio.h>

static unsigned cases, failures;

bool tap(bool good, const char *fmt, ...)
{
	va_list ap;

	cases++;
	failures += !good;
	printf("%sok %u - ", good ? "" : "not ", cases);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	return good;
}

void tap_note(const char *fmt, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

int tap_done(void)
{
	printf("1..%u\n", cases);
	return failures ? 1 : 0;
}
