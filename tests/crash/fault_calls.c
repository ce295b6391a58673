/* SPDX-License-Identifier: Apache-2.0 */
/* What stands before the calls: each asks whether it has to fail, and otherwise makes the call. Of a call that goes by
 * several names (those of _FORTIFY_SOURCE, of large files) each name is here. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "faults.h"

#define LONG_NS UINT64_C(100000000)
#define SHORT_NS UINT64_C(4000000)

/* The next function of this name: the C library's, or a sanitizer's. */
#define REAL(name)                                                                                                     \
    static __typeof__(&name) real;                                                                                     \
    if (!real)                                                                                                         \
    real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define CALL(type, name, call, failed, params, args)                                                                   \
    type name params;                                                                                                  \
    type name params                                                                                                   \
    {                                                                                                                  \
        REAL(name);                                                                                                    \
        int error = fault_hits(FAULT_##call);                                                                          \
        if (!error)                                                                                                    \
            return real args;                                                                                          \
        errno = error;                                                                                                 \
        return failed;                                                                                                 \
    }

/* The same for calls of which only a part may be done: the first half of n bytes. */
#define PART(type, name, call, params, args)                                                                           \
    type name params;                                                                                                  \
    type name params                                                                                                   \
    {                                                                                                                  \
        REAL(name);                                                                                                    \
        int error = fault_hits(FAULT_##call);                                                                          \
        if (error == FAULT_HALF)                                                                                       \
            n = (n + 1) / 2;                                                                                           \
        if (!error || error == FAULT_HALF)                                                                             \
            return real args;                                                                                          \
        errno = error;                                                                                                 \
        return -1;                                                                                                     \
    }

/* ---- memory ---- */

CALL(void *, malloc, allocation, NULL, (size_t size), (size))
CALL(void *, calloc, allocation, NULL, (size_t count, size_t size), (count, size))
CALL(void *, realloc, allocation, NULL, (void *old, size_t size), (old, size))
CALL(void *, memalign, allocation, NULL, (size_t align, size_t size), (align, size))
CALL(void *, aligned_alloc, allocation, NULL, (size_t align, size_t size), (align, size))
CALL(void *, mmap, mmap, MAP_FAILED, (void *at, size_t size, int prot, int flags, int fd, off_t offset),
     (at, size, prot, flags, fd, offset))
CALL(void *, mmap64, mmap, MAP_FAILED, (void *at, size_t size, int prot, int flags, int fd, off64_t offset),
     (at, size, prot, flags, fd, offset))

/* A size that wraps is refused by the real one; the C library's strdup and the like come through malloc. */
CALL(void *, reallocarray, allocation, NULL, (void *old, size_t count, size_t size), (old, count, size))

int posix_memalign(void **out, size_t align, size_t size)
{
    REAL(posix_memalign);
    int error = fault_hits(FAULT_allocation);
    return error ? error : real(out, align, size);
}

/* ---- files ---- */

#define OPEN(name, params, args)                                                                                       \
    int name params;                                                                                                   \
    int name params                                                                                                    \
    {                                                                                                                  \
        REAL(name);                                                                                                    \
        mode_t mode = 0;                                                                                               \
        int error = fault_hits(FAULT_open);                                                                            \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        if (flags & (O_CREAT | O_TMPFILE))                                                                             \
            mode = va_arg(more, mode_t);                                                                               \
        va_end(more);                                                                                                  \
        if (!error)                                                                                                    \
            return real args;                                                                                          \
        errno = error;                                                                                                 \
        return -1;                                                                                                     \
    }

OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
OPEN(openat, (int at, const char *path, int flags, ...), (at, path, flags, mode))
OPEN(openat64, (int at, const char *path, int flags, ...), (at, path, flags, mode))

int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int at, const char *path, int flags);
int __openat64_2(int at, const char *path, int flags);
ssize_t __read_chk(int fd, void *to, size_t n, size_t size);
ssize_t __pread_chk(int fd, void *to, size_t n, off_t offset, size_t size);
ssize_t __pread64_chk(int fd, void *to, size_t n, off64_t offset, size_t size);
ssize_t __recv_chk(int fd, void *to, size_t n, size_t size, int flags);
ssize_t __recvfrom_chk(int fd, void *to, size_t n, size_t size, int flags, struct sockaddr *from, socklen_t *len);
int __poll_chk(struct pollfd *fds, nfds_t count, int ms, size_t size);

CALL(int, __open_2, open, -1, (const char *path, int flags), (path, flags))
CALL(int, __open64_2, open, -1, (const char *path, int flags), (path, flags))
CALL(int, __openat_2, open, -1, (int at, const char *path, int flags), (at, path, flags))
CALL(int, __openat64_2, open, -1, (int at, const char *path, int flags), (at, path, flags))
CALL(FILE *, fopen, fopen, NULL, (const char *path, const char *mode), (path, mode))
CALL(FILE *, fopen64, fopen, NULL, (const char *path, const char *mode), (path, mode))
CALL(FILE *, fdopen, fopen, NULL, (int fd, const char *mode), (fd, mode))
CALL(DIR *, opendir, opendir, NULL, (const char *path), (path))
CALL(DIR *, fdopendir, opendir, NULL, (int fd), (fd))
CALL(ssize_t, __read_chk, read, -1, (int fd, void *to, size_t n, size_t size), (fd, to, n, size))
CALL(ssize_t, readv, read, -1, (int fd, const struct iovec *parts, int count), (fd, parts, count))
PART(ssize_t, pread, pread, (int fd, void *to, size_t n, off_t offset), (fd, to, n, offset))
PART(ssize_t, pread64, pread, (int fd, void *to, size_t n, off64_t offset), (fd, to, n, offset))
PART(ssize_t, __pread_chk, pread, (int fd, void *to, size_t n, off_t offset, size_t size), (fd, to, n, offset, size))
PART(ssize_t, __pread64_chk, pread, (int fd, void *to, size_t n, off64_t offset, size_t size),
     (fd, to, n, offset, size))
PART(ssize_t, pwrite, pwrite, (int fd, const void *bytes, size_t n, off_t offset), (fd, bytes, n, offset))
PART(ssize_t, pwrite64, pwrite, (int fd, const void *bytes, size_t n, off64_t offset), (fd, bytes, n, offset))
CALL(ssize_t, writev, writev, -1, (int fd, const struct iovec *parts, int count), (fd, parts, count))
CALL(int, fsync, fsync, -1, (int fd), (fd))
CALL(int, fdatasync, fdatasync, -1, (int fd), (fd))
CALL(int, ftruncate, ftruncate, -1, (int fd, off_t size), (fd, size))
CALL(int, ftruncate64, ftruncate, -1, (int fd, off64_t size), (fd, size))
CALL(int, rename, rename, -1, (const char *from, const char *to), (from, to))
CALL(int, renameat, rename, -1, (int at, const char *from, int to_at, const char *to), (at, from, to_at, to))
CALL(int, unlink, unlink, -1, (const char *path), (path))
CALL(int, unlinkat, unlink, -1, (int at, const char *path, int flags), (at, path, flags))
CALL(int, mkdir, mkdir, -1, (const char *path, mode_t mode), (path, mode))
CALL(int, stat, stat, -1, (const char *path, struct stat *to), (path, to))
CALL(int, lstat, stat, -1, (const char *path, struct stat *to), (path, to))
CALL(int, fstat, stat, -1, (int fd, struct stat *to), (fd, to))
CALL(int, stat64, stat, -1, (const char *path, struct stat64 *to), (path, to))
CALL(int, lstat64, stat, -1, (const char *path, struct stat64 *to), (path, to))
CALL(int, fstat64, stat, -1, (int fd, struct stat64 *to), (fd, to))
CALL(int, flock, flock, -1, (int fd, int how), (fd, how))

/* What is no file fails in its own ways: standard error, and what wakes threads up. */
static enum fault_call kind_of(int fd, enum fault_call file)
{
    struct stat s;
    if (fd == 2)
        return FAULT_log;
    return syscall(SYS_fstat, fd, &s) == 0 && S_ISREG(s.st_mode) ? file : FAULT_event;
}

/* The clock of a test is moved over standard input, and answers on standard output: these two never fail. */
ssize_t write(int fd, const void *bytes, size_t n)
{
    REAL(write);
    int error = fd == 1 ? 0 : fault_hits(kind_of(fd, FAULT_write));
    if (!error || error == FAULT_HALF)
        return real(fd, bytes, error ? (n + 1) / 2 : n);
    errno = error;
    return -1;
}

ssize_t read(int fd, void *to, size_t n)
{
    REAL(read);
    int error = fd == 0 ? 0 : fault_hits(kind_of(fd, FAULT_read));
    if (error) {
        errno = error;
        return -1;
    }
    ssize_t came = real(fd, to, n);
    if (fd == 0 && came >= 8 && memcmp(to, "advance ", 8) == 0)
        fault_second_part();
    return came;
}

/* It is closed all the same, as Linux does it. */
int close(int fd)
{
    REAL(close);
    int error = fault_hits(FAULT_close), rc = real(fd);
    if (!error || rc)
        return rc;
    errno = error;
    return -1;
}

/* Of what is asked of fcntl only the taking of a lock fails in earnest. */
static bool takes_lock(int what, const void *word)
{
    return (what == F_SETLK || what == F_SETLKW) && ((const struct flock *)word)->l_type != F_UNLCK;
}

/* All commands take one word or none. */
#define FCNTL(name)                                                                                                    \
    int name(int fd, int what, ...)                                                                                    \
    {                                                                                                                  \
        REAL(name);                                                                                                    \
        va_list more;                                                                                                  \
        va_start(more, what);                                                                                          \
        void *word = va_arg(more, void *);                                                                             \
        va_end(more);                                                                                                  \
        int error = takes_lock(what, word) ? fault_hits(FAULT_fcntl) : 0;                                              \
        if (!error)                                                                                                    \
            return real(fd, what, word);                                                                               \
        errno = error;                                                                                                 \
        return -1;                                                                                                     \
    }

FCNTL(fcntl)
FCNTL(fcntl64)

/* ---- sockets, events, threads ---- */

/* A clock that is moved by hand looks in each turn of the loop whether nothing is under way any more; so the simulator
 * would not get the processor. */
static int rest_a_little(int found, int ms)
{
    static _Thread_local int turns;
    turns = found == 0 && ms == 0 ? turns + 1 : 0;
    if (turns > 8)
        usleep(200);
    return found;
}

int epoll_wait(int at, struct epoll_event *to, int most, int ms)
{
    REAL(epoll_wait);
    int error = fault_hits(FAULT_epoll_wait);
    if (!error)
        return rest_a_little(real(at, to, most, ms), ms);
    errno = error;
    return -1;
}

int epoll_pwait(int at, struct epoll_event *to, int most, int ms, const sigset_t *signals)
{
    REAL(epoll_pwait);
    int error = fault_hits(FAULT_epoll_wait);
    if (!error)
        return rest_a_little(real(at, to, most, ms, signals), ms);
    errno = error;
    return -1;
}

CALL(int, socket, socket, -1, (int domain, int type, int protocol), (domain, type, protocol))
CALL(int, socketpair, socketpair, -1, (int domain, int type, int protocol, int fds[2]), (domain, type, protocol, fds))
CALL(int, bind, bind, -1, (int fd, const struct sockaddr *to, socklen_t len), (fd, to, len))
CALL(int, listen, listen, -1, (int fd, int most), (fd, most))
CALL(int, connect, connect, -1, (int fd, const struct sockaddr *to, socklen_t len), (fd, to, len))
CALL(int, setsockopt, setsockopt, -1, (int fd, int level, int name, const void *value, socklen_t len),
     (fd, level, name, value, len))
CALL(int, getsockopt, getsockopt, -1, (int fd, int level, int name, void *value, socklen_t *len),
     (fd, level, name, value, len))
CALL(int, getsockname, getsockopt, -1, (int fd, struct sockaddr *to, socklen_t *len), (fd, to, len))
CALL(int, getpeername, getsockopt, -1, (int fd, struct sockaddr *to, socklen_t *len), (fd, to, len))
PART(ssize_t, send, send, (int fd, const void *bytes, size_t n, int flags), (fd, bytes, n, flags))
CALL(ssize_t, sendto, send, -1,
     (int fd, const void *bytes, size_t n, int flags, const struct sockaddr *to, socklen_t len),
     (fd, bytes, n, flags, to, len))
CALL(ssize_t, sendmsg, sendmsg, -1, (int fd, const struct msghdr *m, int flags), (fd, m, flags))
PART(ssize_t, recv, recv, (int fd, void *to, size_t n, int flags), (fd, to, n, flags))
PART(ssize_t, __recv_chk, recv, (int fd, void *to, size_t n, size_t size, int flags), (fd, to, n, size, flags))
CALL(ssize_t, recvfrom, recv, -1, (int fd, void *to, size_t n, int flags, struct sockaddr *from, socklen_t *len),
     (fd, to, n, flags, from, len))
CALL(ssize_t, __recvfrom_chk, recv, -1,
     (int fd, void *to, size_t n, size_t size, int flags, struct sockaddr *from, socklen_t *len),
     (fd, to, n, size, flags, from, len))
CALL(ssize_t, recvmsg, recvmsg, -1, (int fd, struct msghdr *m, int flags), (fd, m, flags))
CALL(int, accept, accept, -1, (int fd, struct sockaddr *from, socklen_t *len), (fd, from, len))
CALL(int, accept4, accept, -1, (int fd, struct sockaddr *from, socklen_t *len, int flags), (fd, from, len, flags))
CALL(int, epoll_create, epoll_create, -1, (int size), (size))
CALL(int, epoll_create1, epoll_create, -1, (int flags), (flags))
CALL(int, epoll_ctl, epoll_ctl, -1, (int at, int what, int fd, struct epoll_event *event), (at, what, fd, event))
CALL(int, poll, poll, -1, (struct pollfd * fds, nfds_t count, int ms), (fds, count, ms))
CALL(int, __poll_chk, poll, -1, (struct pollfd * fds, nfds_t count, int ms, size_t size), (fds, count, ms, size))
CALL(int, eventfd, eventfd, -1, (unsigned first, int flags), (first, flags))
CALL(int, pipe, pipe, -1, (int fds[2]), (fds))
CALL(int, pipe2, pipe, -1, (int fds[2], int flags), (fds, flags))
CALL(pid_t, fork, fork, -1, (void), ())
CALL(int, dup2, dup2, -1, (int from, int to), (from, to))
CALL(int, execvp, execvp, -1, (const char *program, char *const *args), (program, args))
CALL(pid_t, waitpid, waitpid, -1, (pid_t pid, int *status, int how), (pid, status, how))
CALL(ssize_t, getrandom, getrandom, -1, (void *to, size_t n, unsigned flags), (to, n, flags))

/* What the journal puts off, so that it is written together with what comes (STORE_SOON_MS), waits less long here: nothing
 * else of the main job takes as much time. */
int uv_cond_timedwait(uv_cond_t *cond, uv_mutex_t *mutex, uint64_t ns)
{
    REAL(uv_cond_timedwait);
    return real(cond, mutex, ns > LONG_NS || ns < SHORT_NS ? ns : SHORT_NS);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*begin)(void *), void *data)
{
    REAL(pthread_create);
    int error = fault_hits(FAULT_pthread_create);
    return error ? error : real(thread, attr, begin, data);
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    REAL(getaddrinfo);
    return fault_hits(FAULT_getaddrinfo) ? EAI_MEMORY : real(host, service, hints, out);
}
