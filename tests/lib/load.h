/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a test case. */
#ifndef HR_TESTS_LOAD_H
#define HR_TESTS_LOAD_H

#include "json/json.h"

/* The test's own directory in the source tree: HR_TEST_SRCDIR, or ".". */
const char *load_srcdir(void);

/* The text of DIR/NAME, NULL when it is not there. The caller frees it. */
char *load_text(const char *dir, const char *name);

/* DIR/NAME parsed; NULL when it is not there. Exits when it is there and is no JSON. */
struct json_doc *load_json(const char *dir, const char *name);

/* Compact JSON; exits when memory is gone. The caller frees it. */
char *load_dump(const struct json *value);

#endif
