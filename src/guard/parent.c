/* SPDX-License-Identifier: Apache-2.0 */
/* Waits for signals and for the daemon's end, and for nothing else. Uses libc only, and allocates nothing. */
#include "guard/parent.h"

#include <link.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_FIRST_MS 100
#define PAUSE_MOST_MS 30000
#define LIVED_MS 60000 /* a daemon that ran for so long is not in a loop of crashes */
#define BLAMED_MOST 32 /* crashes in a row after which a pause is made whoever is to blame */
#define NEVER INT64_MAX
#define AGAIN_MS 100 /* timeout(1) sends what it sends to its child, and then to the child's group */

static const int passed_on[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2};
#define PASSED_ON (sizeof passed_on / sizeof *passed_on)

struct parent {
    struct guard_shared *shared;
    sigset_t waited, before;
    pid_t self, child; /* child 0: none runs */
    int64_t began;     /* milliseconds: when the child did */
    int64_t kill_at;   /* the child is killed then */
    int64_t start_at;  /* the next child begins then */
    bool stopping;     /* SIGTERM or SIGINT was passed on */
    siginfo_t last;    /* the last SIGTERM or SIGINT */
    int64_t last_at;   /* milliseconds */
    unsigned crashes;  /* in a row */
    unsigned pauses;   /* in a row */
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void tell(const char *what, int number, const char *then)
{
    char text[256];
    int n = snprintf(text, sizeof text, "mpijobd: the daemon was ended by signal %d%s%s\n", number, what, then);
    struct pollfd err = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&err, 1, 0) == 1 && (err.revents & POLLOUT)) /* nobody who does not read holds up the next start */
        (void)!write(STDERR_FILENO, text, (size_t)n);
}

/* ---- little memory ---- */

/* Pages that are as they are in the file can be read again: those of code and constants of all libraries. */
static int give_back(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    (void)data;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type != PT_LOAD || (p->p_flags & PF_W))
            continue;
        uintptr_t from = (info->dlpi_addr + p->p_vaddr) & ~(page - 1);
        uintptr_t to = (info->dlpi_addr + p->p_vaddr + p->p_memsz + page - 1) & ~(page - 1);
        madvise((void *)from, to - from, MADV_DONTNEED); // NOLINT(performance-no-int-to-ptr)
    }
    return 0;
}

static void become_small(void)
{
    malloc_trim(0);
    dl_iterate_phdr(give_back, NULL);
}

/* ---- the daemon ---- */

/* In the new process. The kernel kills it when the parent dies; it may have died already. It gets a process group of
 * its own: what a terminal or a program sends to the whole group comes to the parent alone, and from there once. To the
 * terminal it is in the background then, where it may write all the same. */
static void begin_life(struct parent *p)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != p->self)
        _exit(1);
    setpgid(0, 0);
    signal(SIGTTOU, SIG_IGN);
    signal(SIGTTIN, SIG_IGN);
    sigprocmask(SIG_SETMASK, &p->before, NULL);
}

/* True: in the daemon. */
static bool start(struct parent *p)
{
    atomic_store(&p->shared->grace_ms, -1);
    atomic_store(&p->shared->blamed, false);
    p->start_at = NEVER;
    p->began = now_ms();
    p->child = fork();
    if (p->child == 0) {
        begin_life(p);
        return true;
    }
    if (p->child > 0)
        setpgid(p->child, p->child); /* whichever of the two comes first */
    return false;
}

/* As the daemon ended, so ends the parent. */
static _Noreturn void end_as(int status)
{
    if (WIFEXITED(status))
        _exit(WEXITSTATUS(status));
    sigset_t none;
    sigemptyset(&none);
    signal(WTERMSIG(status), SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    raise(WTERMSIG(status));
    _exit(128 + WTERMSIG(status)); /* the first process of a container takes no signal */
}

/* Signals by which a person or a system ends a program that has no handler for them yet. */
static bool asked(int number)
{
    for (size_t i = 0; i < PASSED_ON; i++) {
        if (passed_on[i] == number)
            return true;
    }
    return number == SIGPIPE;
}

static int64_t next_pause(struct parent *p)
{
    if (atomic_load(&p->shared->blamed) && p->crashes < BLAMED_MOST)
        return 0;
    int64_t pause = PAUSE_FIRST_MS;
    for (unsigned i = 0; i < p->pauses && pause < PAUSE_MOST_MS; i++)
        pause *= 2;
    p->pauses++;
    return pause < PAUSE_MOST_MS ? pause : PAUSE_MOST_MS;
}

static void ended(struct parent *p, int status)
{
    int64_t now = now_ms();
    p->child = 0;
    if (WIFEXITED(status) || asked(WTERMSIG(status)))
        end_as(status);
    if (p->stopping) {
        tell("", WTERMSIG(status), ", before it had finished; the next start looks up what was in flight");
        _exit(1);
    }
    if (now - p->began >= LIVED_MS)
        p->crashes = p->pauses = 0;
    int64_t pause = next_pause(p);
    p->crashes++;
    p->start_at = now + pause;
    char then[64];
    snprintf(then, sizeof then, "; it starts again %s", pause ? "after a pause" : "at once");
    if (pause)
        snprintf(then, sizeof then, "; it starts again in %lld.%lld s", (long long)pause / 1000,
                 (long long)pause % 1000 / 100);
    tell("", WTERMSIG(status), then);
}

/* The first process of a container inherits children of others, too. */
static void reap(struct parent *p)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (pid == p->child)
            ended(p, status);
    }
}

/* ---- signals ---- */

/* The same request of the same sender, to the process and to its group. */
static bool is_repeated(struct parent *p, const siginfo_t *info)
{
    int64_t now = now_ms();
    bool repeated = p->stopping && info->si_signo == p->last.si_signo && info->si_code == p->last.si_code &&
                    info->si_pid == p->last.si_pid && now - p->last_at < AGAIN_MS;
    p->last = *info;
    p->last_at = now;
    return repeated;
}

static void pass_on(struct parent *p, const siginfo_t *info)
{
    if (!p->child)
        _exit(0); /* it is between two daemons: there is nothing to end */
    bool stops = info->si_signo == SIGTERM || info->si_signo == SIGINT;
    if (stops && is_repeated(p, info))
        return;
    kill(p->child, info->si_signo);
    if (!stops)
        return;
    int64_t grace = atomic_load(&p->shared->grace_ms);
    if (!p->stopping)
        p->kill_at = now_ms() + (grace < 0 ? PARENT_GRACE_MS : grace) + PARENT_PATIENCE_MS;
    p->stopping = true;
}

/* Ctrl-Z stops both, for as long as the shell wants it; the daemon's time to end does not pass meanwhile. Where there
 * is no shell that could go on with us, the system ignores the signal, and so does the daemon. */
static void suspend(struct parent *p)
{
    sigset_t stop;
    int64_t since = now_ms();
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    if (p->child)
        kill(p->child, SIGSTOP);
    raise(SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &stop, NULL); /* here it stops */
    sigprocmask(SIG_BLOCK, &stop, NULL);
    if (p->child)
        kill(p->child, SIGCONT);
    if (p->kill_at != NEVER)
        p->kill_at += now_ms() - since;
}

/* One turn of waiting. True: in a new daemon. */
static bool turn(struct parent *p)
{
    siginfo_t info;
    int64_t now = now_ms(), next = p->child ? p->kill_at : p->start_at;
    struct timespec left = {0, 0};
    if (next > now && next != NEVER)
        left = (struct timespec){(next - now) / 1000, (next - now) % 1000 * 1000000};
    int number = next == NEVER ? sigwaitinfo(&p->waited, &info) : sigtimedwait(&p->waited, &info, &left);
    if (number == SIGCHLD)
        reap(p);
    else if (number == SIGTSTP)
        suspend(p);
    else if (number > 0)
        pass_on(p, &info);
    now = now_ms();
    if (p->child && now >= p->kill_at) {
        kill(p->child, SIGKILL);
        p->kill_at = NEVER;
    }
    if (!p->child && now >= p->start_at) {
        if (start(p))
            return true;
        if (p->child < 0) { /* no process was to be had */
            p->child = 0;
            p->start_at = now_ms() + next_pause(p);
        }
    }
    return false;
}

/* ---- the beginning ---- */

static void set_up_signals(struct parent *p)
{
    sigemptyset(&p->waited);
    sigaddset(&p->waited, SIGCHLD);
    for (size_t i = 0; i < PASSED_ON; i++)
        sigaddset(&p->waited, passed_on[i]);
    struct sigaction suspended;
    if (sigaction(SIGTSTP, NULL, &suspended) == 0 && suspended.sa_handler != SIG_IGN)
        sigaddset(&p->waited, SIGTSTP);
    sigprocmask(SIG_BLOCK, &p->waited, &p->before);
    signal(SIGCHLD, SIG_DFL); /* whoever started us may have it ignored, and then nothing could be waited for */
}

bool parent_watch(struct guard_shared *shared)
{
    struct parent p = {.shared = shared, .self = getpid(), .kill_at = NEVER, .start_at = NEVER};
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
#ifndef __SANITIZE_ADDRESS__ /* the leak checker has to attach to the daemon */
    prctl(PR_SET_DUMPABLE, 0);
#endif
    set_up_signals(&p);
    if (start(&p))
        return true;
    if (p.child < 0) {
        sigprocmask(SIG_SETMASK, &p.before, NULL);
        return false;
    }
    become_small();
    while (!turn(&p)) {
    }
    return true;
}
