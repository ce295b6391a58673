/* SPDX-License-Identifier: Apache-2.0 */
/* Which call fails. The program is started once and stays before its main(); each order that comes over a socket is a
 * fork of it that goes on, so that a start costs a millisecond and all have the same addresses: a call is known by the
 * addresses of its callers. FAULTS_SOCKET: the socket's number. An order is one packet:
 *
 *     worker                                        a fork that takes orders itself, over the socket that comes with it
 *     FOLDER CALL CALLERS HOW_DEEP FROM TIMES ERROR a fork that goes on as the program, in the folder, with the
 *                                                   descriptors that come with it as its standard input and output
 *
 * CALL "-": nothing fails. "count": each call is noted in the folder's file `trace`. Otherwise the first one fails that is
 * the FROMth of its kind or a later one, and has the CALLERS; then TIMES - 1 more of its kind, whoever makes them. Which
 * one it was is written to the file `failed`. The answers to an order: the process's id, and how it has ended. */
#include "faults.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define OWN 2         /* frames: fault_hits and what stands before the call */
#define DEEP 24       /* callers that are looked at, at most */
#define NOTES 1000000 /* calls that can be noted */

struct note { /* the reader knows its form */
    uint32_t call, part;
    int64_t number;
    uint64_t callers;
};

static const char *const names[] = {
#define FAULT_NAME(name) #name,
    FAULT_CALLS(FAULT_NAME)
#undef FAULT_NAME
};

static struct {
    bool count;
    int call; /* -1: none */
    uint64_t callers;
    int deep;
    int64_t from;
    int error;
} plan = {.call = -1};

static atomic_bool active, done;
static atomic_int part = 1;
static atomic_llong numbers[FAULT_COUNT], left;
static atomic_llong *noted; /* shared with the children that it forks */
static struct note *notes;
static _Thread_local bool inside __attribute__((tls_model("initial-exec")));

static inline __attribute__((always_inline)) uint64_t callers_of(void **frames, int *count)
{
    uint64_t sum = 14695981039346656037U; /* FNV-1a */
    *count = backtrace(frames, OWN + plan.deep);
    for (int i = OWN; i < *count; i++)
        sum = (sum ^ (uintptr_t)frames[i]) * 1099511628211U;
    return sum;
}

static void tell(void **frames, int count, const char *what, int64_t number)
{
    char line[80];
    int fd = (int)syscall(SYS_openat, AT_FDCWD, "failed", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int len = snprintf(line, sizeof line, "%s %lld, part %d\n", what, (long long)number, atomic_load(&part));
    if (fd < 0)
        return;
    syscall(SYS_write, fd, line, (size_t)len);
    for (int i = OWN; i < count; i++) {
        len = snprintf(line, sizeof line, "%p\n", frames[i]);
        syscall(SYS_write, fd, line, (size_t)len);
    }
    syscall(SYS_close, fd);
}

static inline __attribute__((always_inline)) bool reached(enum fault_call call, int64_t number)
{
    void *frames[OWN + DEEP];
    int count;
    uint64_t callers = callers_of(frames, &count);
    if (plan.count) {
        int64_t i = atomic_fetch_add(noted, 1);
        if (i < NOTES)
            notes[i] = (struct note){(uint32_t)call, (uint32_t)atomic_load(&part), number, callers};
        return false;
    }
    if (callers != plan.callers || atomic_exchange(&done, true))
        return false;
    tell(frames, count, names[call], number);
    return true;
}

int fault_hits(enum fault_call call)
{
    bool hit = false;
    if (!atomic_load(&active) || inside)
        return 0;
    int64_t number = atomic_fetch_add(&numbers[call], 1) + 1;
    if (!plan.count && plan.call != (int)call)
        return 0;
    int before = errno;
    inside = true;
    if (atomic_load(&done))
        hit = atomic_load(&left) > 0 && atomic_fetch_sub(&left, 1) > 0;
    else if (plan.count || number >= plan.from)
        hit = reached(call, number);
    inside = false;
    errno = before;
    return hit ? plan.error : 0;
}

/* ---- where it crashed ---- */

static struct sigaction theirs[NSIG];

static void crashed(int number, siginfo_t *info, void *context)
{
    void *frames[OWN + DEEP];
    inside = true;
    int count = backtrace(frames, OWN + DEEP);
    tell(frames, count, "crashed by signal", number);
    sigaction(number, &theirs[number], NULL);
    inside = false;
    if (theirs[number].sa_flags & SA_SIGINFO)
        theirs[number].sa_sigaction(number, info, context);
    else if (theirs[number].sa_handler > SIG_IGN)
        theirs[number].sa_handler(number);
    else
        raise(number);
}

/* The program's own net for crashes comes behind ours. */
int sigaction(int number, const struct sigaction *new, struct sigaction *old)
{
    static int (*real)(int, const struct sigaction *, struct sigaction *);
    struct sigaction ours;
    if (!real)
        real = (int (*)(int, const struct sigaction *, struct sigaction *))dlsym(RTLD_NEXT, "sigaction");
    if (!new || inside || !(number == SIGSEGV || number == SIGABRT || number == SIGBUS))
        return real(number, new, old);
    ours = theirs[number] = *new;
    ours.sa_flags |= SA_SIGINFO;
    ours.sa_sigaction = crashed;
    return real(number, &ours, old);
}

void fault_second_part(void)
{
    atomic_store(&part, 2);
}

static int take(int from, char *text, size_t size, int *fds, int *fd_count)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(3 * sizeof(int))];
    } control;
    struct iovec iov = {text, size - 1};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(from, &m, MSG_CMSG_CLOEXEC);
    if (n <= 0)
        return -1;
    text[n] = '\0';
    *fd_count = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        *fd_count = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(fds, CMSG_DATA(c), (size_t)*fd_count * sizeof(int));
    }
    return 0;
}

static void need(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "faults: %s: %s\n", what, strerror(errno));
    _exit(70);
}

/* The words of an order, one after the other. */
static char *word(char **rest)
{
    char *found = strsep(rest, " ");
    need(found, "an order is too short");
    return found;
}

static void obey(char *order, const int *fds)
{
    need(chdir(word(&order)) == 0, "no such folder");
    const char *call = word(&order);
    plan.callers = strtoull(word(&order), NULL, 16);
    plan.deep = (int)strtol(word(&order), NULL, 10);
    plan.from = strtoll(word(&order), NULL, 10);
    left = strtoll(word(&order), NULL, 10) - 1;
    plan.error = (int)strtol(word(&order), NULL, 10);
    need(plan.deep > 0 && plan.deep <= DEEP, "how deep?");
    plan.count = strcmp(call, "count") == 0;
    for (int i = 0; i < FAULT_COUNT; i++) {
        if (strcmp(call, names[i]) == 0)
            plan.call = i;
    }
    need(plan.count || plan.call >= 0 || strcmp(call, "-") == 0, call);
    if (plan.count) {
        int fd = open("trace", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        need(fd >= 0 && ftruncate(fd, NOTES * sizeof *notes) == 0, "trace");
        notes = mmap(NULL, NOTES * sizeof *notes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        noted = mmap(NULL, sizeof *noted, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        need(notes != MAP_FAILED && noted != MAP_FAILED, "trace");
        close(fd);
    }
    need(dup2(fds[0], 0) == 0 && dup2(fds[1], 1) == 1 && dup2(fds[1], 2) == 2, "descriptors");
    for (int i = 0; i < 3; i++)
        sigaction((const int[]){SIGSEGV, SIGABRT, SIGBUS}[i], &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    atomic_store(&active, plan.count || plan.call >= 0);
}

static void answer(int to, int number)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%d", number);
    if (send(to, text, (size_t)len, MSG_NOSIGNAL) != len)
        _exit(0);
}

/* Comes back in the forks that go on. */
static void serve(int from)
{
    char order[4096];
    int fds[3], fd_count;
    while (take(from, order, sizeof order, fds, &fd_count) == 0) {
        bool worker = strcmp(order, "worker") == 0;
        while (waitpid(-1, NULL, WNOHANG) > 0) /* till now nobody else could have the id */
            ;
        pid_t child = fork();
        need(child >= 0, "fork");
        if (child == 0) {
            close(from);
            if (worker) {
                from = fds[0];
                continue;
            }
            obey(order, fds);
            close(fds[0]);
            close(fds[1]);
            return;
        }
        for (int i = 0; i < fd_count; i++)
            close(fds[i]);
        answer(from, (int)child);
        if (worker)
            continue;
        siginfo_t end;
        while (waitid(P_PID, (id_t)child, &end, WEXITED | WNOWAIT) < 0 && errno == EINTR)
            ;
        answer(from, end.si_code == CLD_EXITED ? end.si_status : -end.si_status);
    }
    _exit(0);
}

__attribute__((constructor)) static void begin(void)
{
    const char *number = getenv("FAULTS_SOCKET");
    void *frames[2];
    if (!number || strcmp(program_invocation_short_name, "mpijobd") != 0)
        return;
    int from = (int)strtol(number, NULL, 10);
    backtrace(frames, 2); /* loads what it needs, now */
    unsetenv("FAULTS_SOCKET");
    unsetenv("LD_PRELOAD"); /* programs that it starts are not looked at */
    fcntl(from, F_SETFD, FD_CLOEXEC);
    serve(from);
}
