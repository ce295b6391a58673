/* SPDX-License-Identifier: Apache-2.0 */
/* What a program writes that must never wait: a thread of its own writes to the descriptor, and a queue with a bound
 * stands before it. A pipe that nobody reads, a terminal that was stopped and a slow disk hold up that thread and
 * nobody else. What finds the queue full is dropped whole and counted by its lines, and so is what comes before half of
 * the queue is free again: lost lines stand together. The descriptor stays as it is:
 * whether it waits (O_NONBLOCK) is a matter of everybody who has it. */
#ifndef MPIJOBD_BASE_OUTLET_H
#define MPIJOBD_BASE_OUTLET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

#define OUTLET_BYTES_MAX (8u << 20) /* that wait, what the queue needs for itself included */

struct outlet;

/* fd stays the caller's. ERR_NOMEM; ERR_IO: no thread can be started. */
int outlet_open(int fd, struct outlet **outlet, struct error *err);
/* Copies the text, which is written with a single write(2) where the system takes it, behind what was added before. On
 * any thread. False: it was dropped. */
bool outlet_add(struct outlet *outlet, struct str text);
/* Lines that were dropped or could not be written, since the start. On any thread. */
uint64_t outlet_lost(const struct outlet *outlet);
/* The same since the last call of this, for a line that says so, which goes to outlet_tell; outlet_lost goes on
 * counting them. 0 as well while there is no room for that line. */
uint64_t outlet_take_untold(struct outlet *outlet);
/* As outlet_add, with a line that tells of `untold` lost lines: where it is lost itself, they are untold again. */
void outlet_tell(struct outlet *outlet, struct str text, uint64_t untold);
/* Waits until nothing waits any more, at most `ms` ms. True: so it is. For the handler of a signal, too: takes no lock
 * and no memory. */
bool outlet_settle(const struct outlet *outlet, unsigned ms);
/* Waits in the same way (ms < 0: without a bound), ends the thread and frees the memory. 0; ETIMEDOUT: the thread still
 * waits for the descriptor, and is left behind with its memory; else the errno of the first write that failed. */
int outlet_close(struct outlet *outlet, int ms);

/* Writes all of it here and now, and waits where the descriptor does not take it, also one that is O_NONBLOCK. 0, or an
 * errno. */
int outlet_write_now(int fd, const char *ptr, size_t len);

#endif
