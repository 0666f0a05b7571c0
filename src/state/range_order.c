/* SPDX-License-Identifier: Apache-2.0 */
#include "state/range_order.h"

#include "base/file.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define NAME  "order"
#define MAGIC 0x3165676e61727268ULL /* "hrrange1" */

struct head {
	uint64_t magic, counter;
};

static bool is_ours(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && file_is_roots(&st);
}

static int open_file(int dirfd, int flags)
{
	/* O_NONBLOCK: a FIFO in its place must not hold us. */
	int fd = openat(dirfd, NAME, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

	if (is_ours(fd))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static void begin(struct range_order *order)
{
	const struct head head = {.magic = MAGIC};

	order->counter = 0;
	if (ftruncate(order->fd, 0) < 0 || pwrite(order->fd, &head, sizeof(head), 0) < 0)
		range_order_close(order);
}

void range_order_open(int dirfd, bool write, struct range_order *ret)
{
	struct head head;

	*ret = (struct range_order){.fd = open_file(dirfd, write ? O_RDWR | O_CREAT : O_RDONLY)};
	if (ret->fd < 0 && write && unlinkat(dirfd, NAME, 0) == 0)
		ret->fd = open_file(dirfd, O_RDWR | O_CREAT);
	if (ret->fd < 0)
		return;
	if (pread(ret->fd, &head, sizeof(head), 0) == (ssize_t)sizeof(head) && head.magic == MAGIC)
		ret->counter = head.counter;
	else if (write)
		begin(ret);
	else
		range_order_close(ret);
}

void range_order_close(struct range_order *order)
{
	if (order->fd >= 0)
		close(order->fd);
	order->fd = -1;
}

static off_t place_of(uint32_t slot)
{
	return (off_t)(sizeof(struct head) + slot * sizeof(uint64_t));
}

void range_order_read(struct range_order *order, uint32_t first, uint32_t count, uint64_t *ret)
{
	size_t size = count * sizeof(*ret);
	bool damaged;

	memset(ret, 0, size);
	if (order->fd < 0)
		return;
	/* What is behind the end of the file was never used. */
	damaged = pread(order->fd, ret, size, place_of(first)) < 0;
	for (uint32_t i = 0; i < count && !damaged; i++)
		damaged = ret[i] > order->counter;
	if (!damaged)
		return;
	memset(ret, 0, size);
	if ((fcntl(order->fd, F_GETFL) & O_ACCMODE) == O_RDWR)
		begin(order);
}

/* The counter first: a stamp that is ahead of it is damage. */
void range_order_stamp(struct range_order *order, uint32_t slot)
{
	uint64_t next = order->counter + 1;

	if (order->fd < 0 ||
	    pwrite(order->fd, &next, sizeof(next), offsetof(struct head, counter)) < 0 ||
	    pwrite(order->fd, &next, sizeof(next), place_of(slot)) < 0)
		return;
	order->counter = next;
}
