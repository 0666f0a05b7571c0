/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When each slot of 65,536 ids was last used: a file of 64-bit stamps, one for each of all 2^16
 * slots, behind a counter. A hint and nothing more: whatever is wrong with the file, it is begun
 * anew, or not written.
 * Private to src/state/range*.c.
 */
#ifndef HR_STATE_RANGE_ORDER_H
#define HR_STATE_RANGE_ORDER_H

#include <stdbool.h>
#include <stdint.h>

struct range_order {
	int fd; /* -1: none can be had */
	uint64_t counter;
};

/* Opened to be written, it is made where it is missing or damaged; for one who has the lock. */
void range_order_open(int dirfd, bool write, struct range_order *ret);
void range_order_close(struct range_order *order);
#define range_order_auto __attribute__((cleanup(range_order_close)))

/* The stamps of `count` slots from number `first` on; 0 is a slot that was never used. Damage
 * that shows makes all of them 0. */
void range_order_read(struct range_order *order, uint32_t first, uint32_t count, uint64_t *ret);

/* The slot was used, or has become free. */
void range_order_stamp(struct range_order *order, uint32_t slot);

#endif
