/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd.h"

#include "unit.h"

#include <errno.h>
#include <sys/mman.h>

static const struct {
	size_t len;
	int lowest;
} documents[] = {
	{0, 3}, {1, 3}, {100000, 3}, {10, 20}, {10, 103},
};

static void check_documents(const __typeof__(documents[0]) *row, size_t i)
{
	hr_autofree char *bytes = malloc(row->len + 1), *text = NULL;
	struct hr_error err = {0};
	struct stat st;
	size_t len = 1;
	char byte;
	int fd = -1;

	memset(bytes, 'd', row->len);
	cr_assert_ok(fd_document("process.json", bytes, row->len, row->lowest, &fd, &err), err);
	cr_expect_geq(fd, row->lowest, "row %zu", i);
	cr_expect_not(fcntl(fd, F_GETFD) & FD_CLOEXEC, "it is for the runtime");
	cr_assert_eq(fstat(fd, &st), 0);
	cr_expect_eq((size_t)st.st_size, row->len);
	/* sealed: nobody who is handed it changes it */
	cr_expect_eq(fcntl(fd, F_GET_SEALS),
		     F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
	cr_expect_eq(pwrite(fd, "x", 1, 0), -1);
	cr_expect_eq(errno, EPERM);
	cr_expect_eq(ftruncate(fd, 0), row->len == 0 ? 0 : -1);
	cr_expect_eq(ftruncate(fd, 1 << 20), -1);
	/* at its start */
	cr_assert_ok(file_read_fd(fd, "d", row->len, &text, &len, &err), err);
	cr_expect_eq(len, row->len);
	cr_expect_eq(memcmp(text, bytes, len), 0);
	cr_expect_eq(read(fd, &byte, 1), 0);
	close(fd);
}
ROWS(fd, documents)

Test(fd, document_leaves_one_descriptor)
{
	int before = dup(0), fd, after;

	close(before);
	cr_assert_eq(fd_document("x", "y", 1, 50, &fd, NULL), 0);
	after = dup(0);
	cr_expect_eq(before, after);
}

Test(fd, document_above_the_limit)
{
	struct hr_error err = {0};
	int fd = -1;

	expect_error(fd_document("x", "y", 1, 1 << 30, &fd, &err), &err, HR_SYSTEM, "dup memfd");
	cr_expect_eq(fd, -1);
}

Test(fd, cloexec_from)
{
	struct hr_error err = {0};

	for (int fd = 30; fd < 40; fd++)
		cr_assert_eq(dup2(0, fd), fd);
	cr_assert_ok(fd_cloexec_from(35, &err), err);
	for (int fd = 30; fd < 40; fd++)
		cr_expect_eq(!!(fcntl(fd, F_GETFD) & FD_CLOEXEC), fd >= 35, "%d", fd);
	/* They are still open. */
	cr_expect_neq(fcntl(39, F_GETFD), -1);
}
