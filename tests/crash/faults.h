/* SPDX-License-Identifier: Apache-2.0 */
/* Loaded into mpijobd (LD_PRELOAD) by faults.py: counts the allocations and the system calls of the program and of all
 * its libraries, and lets the one fail that is asked for. faults.c decides, fault_calls.c stands before the calls. */
#ifndef MPIJOBD_TESTS_FAULTS_H
#define MPIJOBD_TESTS_FAULTS_H

#include <stdbool.h>

/* What can fail; `allocation` is all of malloc's kind. The names are in the plan and in what is told. */
/* clang-format off */
#define FAULT_CALLS(X) \
    X(allocation) X(open) X(fopen) X(opendir) X(read) X(pread) X(write) X(log) X(event) X(pwrite) X(writev) \
    X(fsync) X(fdatasync) X(ftruncate) X(rename) X(unlink) X(mkdir) X(close) X(stat) X(fcntl) X(flock) X(mmap) \
    X(socket) X(socketpair) X(bind) X(listen) X(connect) X(setsockopt) X(getsockopt) X(send) X(sendmsg) \
    X(recv) X(recvmsg) X(accept) X(epoll_create) X(epoll_ctl) X(epoll_wait) X(poll) X(eventfd) X(pipe) \
    X(pthread_create) X(getrandom) X(getaddrinfo) X(fork) X(dup2) X(execvp) X(waitpid)
/* clang-format on */

#define FAULT_NAME(name) FAULT_##name,
enum fault_call { FAULT_CALLS(FAULT_NAME) FAULT_COUNT };
#undef FAULT_NAME

#define FAULT_HALF 4095 /* no errno: half of it is done */

/* The errno with which this call has to fail; 0: it is made. Any thread; needs no memory. */
int fault_hits(enum fault_call call);

/* From here on calls are counted as those of the second part: the clock was moved for the first time. */
void fault_second_part(void);

#endif
