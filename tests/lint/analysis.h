/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Put before every file that is analysed (tests/lint/static.sh): what the analyzers cannot
 * see from one file, that the makers of errors always return -1.
 */
#ifndef HR_TESTS_LINT_ANALYSIS_H
#define HR_TESTS_LINT_ANALYSIS_H

#include "base/error.h"

#define hr_fail(...)	   (hr_fail(__VA_ARGS__), -1)
#define hr_fail_errno(...) (hr_fail_errno(__VA_ARGS__), -1)
#define hr_context(...)	   (hr_context(__VA_ARGS__), -1)

#endif
