/* SPDX-License-Identifier: Apache-2.0 */
/* Text put together in a buffer on the stack, and written by open, write and fsync: nothing here takes a lock,
 * allocates, or waits for a reader. */
#include "guard/mark.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SETTLE_MS 100
#define TEXT_MAX (PATH_MAX + 512)

static struct {
    char path[PATH_MAX]; /* "": none */
    struct guard_shared *shared;
    const struct outlet *outlet;
    atomic_flag written;
} marks = {.written = ATOMIC_FLAG_INIT};

bool mark_to(const char *path, struct guard_shared *shared, const struct outlet *outlet)
{
    size_t len = path ? strlen(path) : 0;
    marks.shared = shared;
    marks.outlet = outlet;
    if (len >= sizeof marks.path)
        return false;
    memcpy(marks.path, path ? path : "", len + 1);
    return true;
}

/* ---- text ---- */

struct text {
    char at[TEXT_MAX];
    size_t len;
};

/* What could end a line, or a string of JSON, becomes a question mark. */
static void add(struct text *t, const char *s)
{
    for (; *s && t->len < TEXT_MAX - 8; s++)
        t->at[t->len++] = (unsigned char)*s < ' ' || *s == '"' || *s == '\\' || *s == 127 ? '?' : *s;
}

static void add_raw(struct text *t, const char *s)
{
    while (*s && t->len < TEXT_MAX)
        t->at[t->len++] = *s++;
}

static void add_number(struct text *t, int64_t n)
{
    char digits[24];
    size_t i = sizeof digits;
    digits[--i] = '\0';
    do {
        digits[--i] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    add_raw(t, digits + i);
}

static bool write_all(int fd, const struct text *t)
{
    size_t at = 0;
    while (at < t->len) {
        ssize_t n = write(fd, t->at + at, t->len - at);
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

/* ---- for people ---- */

static void tell(const struct text *t)
{
    /* A pipe that can be written to has room for 4096 bytes. */
    if (marks.outlet)
        outlet_settle(marks.outlet, SETTLE_MS);
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&out, 1, 0) == 1 && (out.revents & POLLOUT))
        write_all(STDERR_FILENO, t);
}

static void begin_line(struct text *t)
{
    bool json = marks.shared && atomic_load(&marks.shared->json);
    add_raw(t, json ? "{\"level\":\"error\",\"message\":\"" : "mpijobd: ");
}

static void end_line(struct text *t)
{
    bool json = marks.shared && atomic_load(&marks.shared->json);
    add_raw(t, json ? "\"}\n" : "\n");
}

void mark_tell(const char *sentence)
{
    struct text t = {.len = 0};
    begin_line(&t);
    add(&t, sentence);
    end_line(&t);
    tell(&t);
}

static void tell_who(const struct guard_who *who, const char *reason, int line)
{
    struct text t = {.len = 0};
    bool stall = strcmp(reason, "stall") == 0;
    begin_line(&t);
    add(&t, stall ? "the daemon answers no more" : "the daemon crashes");
    if (!stall) {
        add(&t, " with ");
        add(&t, reason);
    }
    if (who && who->policy) {
        add(&t, ", in policy ");
        add(&t, who->policy);
    } else if (who) {
        add(&t, ", while a file is loaded");
    }
    if (who) {
        add(&t, " at ");
        add(&t, who->file);
    } else {
        add(&t, ", while no policy runs");
    }
    if (line > 0) {
        add(&t, ":");
        add_number(&t, line);
    }
    add(&t, who ? "; it goes into quarantine, and the daemon ends" : "; it ends");
    end_line(&t);
    tell(&t);
}

/* ---- for the next daemon ---- */

static bool append_to_file(const struct text *t)
{
    int fd = marks.path[0] ? open(marks.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600)
                           : -1;
    if (fd < 0)
        return false;
    bool good = write_all(fd, t);
    good = fsync(fd) == 0 && good;
    close(fd);
    return good;
}

static bool append_to_page(const struct text *t)
{
    struct guard_shared *s = marks.shared;
    if (!s)
        return false;
    uint32_t length = atomic_load(&s->length);
    if (length > GUARD_MARKS_MAX || GUARD_MARKS_MAX - length < t->len)
        return false;
    memcpy(s->marks + length, t->at, t->len);
    atomic_store(&s->length, length + (uint32_t)t->len);
    return true;
}

/* "stopped MICROSECONDS REASON HASH LINE POLICY FILE", as guard/quarantine.c reads it. */
static bool write_mark(const struct guard_who *who, const char *reason, int line)
{
    struct text t = {.len = 0};
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    add(&t, "stopped ");
    add_number(&t, (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    add(&t, " ");
    add(&t, reason);
    add(&t, " ");
    add(&t, who->hash);
    add(&t, " ");
    add_number(&t, line > 0 ? line : 0);
    add(&t, " ");
    add(&t, who->policy ? who->policy : "-");
    add(&t, " ");
    add(&t, who->file);
    add_raw(&t, "\n");
    return append_to_file(&t) || append_to_page(&t);
}

void mark_write(const struct guard_who *who, const char *reason, int line)
{
    if (atomic_flag_test_and_set(&marks.written))
        return;
    bool blamed = who && write_mark(who, reason, line);
    if (marks.shared)
        atomic_store(&marks.shared->blamed, blamed);
    tell_who(who, reason, line);
}
