/* SPDX-License-Identifier: Apache-2.0 */
/* The list is only appended to, so that a handler, a daemon and a command can write it without asking one another. When
 * the daemon begins, with no policy that could be marked, it may write a long one again; a command waits for that. */
#include "guard/quarantine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

#define PIECE 65536
#define LINE_MAX_LEN 8192

int quarantine_open(struct quarantine *q, const char *state, const struct guard_shared *shared, struct error *err)
{
    struct buf path = BUF_INIT;
    *q = (struct quarantine){.shared = shared};
    if (!state)
        return 0;
    buf_printf(&path, "%s.quarantine", state);
    q->path = buf_take(&path, NULL);
    return q->path ? 0 : error_nomem(err);
}

static void clear(struct quarantine *q)
{
    for (size_t i = 0; i < q->count; i++)
        free(q->marks[i].file);
    free(q->marks);
    q->marks = NULL;
    q->count = 0;
}

void quarantine_take(struct quarantine *q, struct quarantine *from)
{
    clear(q);
    q->marks = from->marks;
    q->count = from->count;
    from->marks = NULL;
    from->count = 0;
}

void quarantine_close(struct quarantine *q)
{
    clear(q);
    free(q->path);
    *q = (struct quarantine){0};
}

/* ---- reading ---- */

static bool has_name(const struct quarantine_mark *m, const char *name)
{
    return strcmp(*m->policy ? m->policy : m->file, name) == 0;
}

static void let_go(struct quarantine *q, const char *name)
{
    size_t kept = 0;
    for (size_t i = 0; i < q->count; i++) {
        if (has_name(&q->marks[i], name))
            free(q->marks[i].file);
        else
            q->marks[kept++] = q->marks[i];
    }
    q->count = kept;
}

static bool is_same(const struct quarantine_mark *a, const struct quarantine_mark *b)
{
    return strcmp(a->hash, b->hash) == 0 && strcmp(a->policy, b->policy) == 0 && strcmp(a->file, b->file) == 0;
}

/* Is there a newer mark of the same policy and text among those from `from` on? */
static bool is_outdated(const struct quarantine *q, const struct quarantine_mark *mark, size_t from)
{
    for (size_t i = from; i < q->count; i++) {
        if (is_same(&q->marks[i], mark))
            return true;
    }
    return false;
}

/* Leaves the newest mark of each policy and text, and of these the newest `most`. */
static void thin_out(struct quarantine *q, size_t most)
{
    size_t kept = q->count; /* those from here on stay */
    for (size_t i = q->count; i-- > 0;) {
        if (q->count - kept >= most || is_outdated(q, &q->marks[i], kept))
            free(q->marks[i].file);
        else
            q->marks[--kept] = q->marks[i];
    }
    q->count -= kept;
    if (kept)
        memmove(q->marks, q->marks + kept, q->count * sizeof *q->marks);
}

static int add(struct quarantine *q, struct quarantine_mark mark, const char *file)
{
    if (q->count >= QUARANTINE_MARKS)
        thin_out(q, QUARANTINE_MARKS / 2);
    struct quarantine_mark *marks = realloc(q->marks, (q->count + 1) * sizeof *marks);
    if (!marks)
        return ERR_NOMEM;
    q->marks = marks;
    mark.file = strdup(file);
    if (!mark.file)
        return ERR_NOMEM;
    marks[q->count++] = mark;
    return 0;
}

/* The next word of the line; NULL: the line has no more, or it is longer than size - 1. */
static const char *word(char **line, size_t size)
{
    const char *text = strsep(line, " ");
    return text && *text && strlen(text) < size ? text : NULL;
}

/* "stopped AT REASON HASH LINE POLICY FILE": the file's name may hold spaces. */
static int read_stopped(struct quarantine *q, char *rest)
{
    struct quarantine_mark m = {0};
    const char *at = word(&rest, 24), *reason = word(&rest, sizeof m.reason), *hash = word(&rest, sizeof m.hash);
    const char *line = word(&rest, 12), *policy = word(&rest, sizeof m.policy);
    if (!policy || !line || !hash || !reason || !at || !rest || !*rest)
        return 0;
    m.at = strtoll(at, NULL, 10);
    m.line = (int)strtol(line, NULL, 10);
    strcpy(m.reason, reason);
    strcpy(m.hash, hash);
    if (strcmp(policy, "-") != 0)
        strcpy(m.policy, policy);
    return add(q, m, rest);
}

static int read_line(struct quarantine *q, char *line)
{
    const char *what = word(&line, 8);
    if (what && strcmp(what, "stopped") == 0 && line)
        return read_stopped(q, line);
    if (what && strcmp(what, "resumed") == 0 && word(&line, 24) && line && *line)
        let_go(q, line);
    return 0; /* half a line, of a disk that was full, say */
}

static int read_lines(struct quarantine *q, char *text)
{
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        if (read_line(q, line))
            return ERR_NOMEM;
    }
    return 0;
}

/* The whole lines of the piece; what is left of it comes before the next piece. */
static int read_piece(struct quarantine *q, struct buf *piece)
{
    char *end = piece->ptr ? memrchr(piece->ptr, '\n', piece->len) : NULL;
    if (!end) {
        if (piece->len > LINE_MAX_LEN)
            buf_reset(piece); /* nothing that a daemon wrote */
        return 0;
    }
    *end = '\0';
    size_t left = piece->len - (size_t)(end + 1 - piece->ptr);
    int rc = read_lines(q, piece->ptr);
    memmove(piece->ptr, end + 1, left);
    piece->len = left;
    return rc;
}

static int read_pieces(struct quarantine *q, int fd, struct buf *piece, struct error *err)
{
    for (int rc = 0;;) {
        if (buf_reserve(piece, PIECE))
            return error_nomem(err);
        ssize_t n = read(fd, piece->ptr + piece->len, PIECE);
        if (n < 0)
            return error_set(err, ERR_IO, "cannot read %s: %s", q->path, strerror(errno));
        if (n == 0)
            return 0;
        piece->len += (size_t)n;
        if ((rc = read_piece(q, piece)))
            return error_nomem(err);
    }
}

static int not_usable(const struct quarantine *q, int why, struct error *err)
{
    return error_set(err, ERR_IO, "cannot read %s: %s", q->path, why ? strerror(why) : "it has to be a regular file");
}

#define NO_LIST (-1)

/* The descriptor; NO_LIST: there is no list yet; or an error, which is another number. */
static int open_list(const struct quarantine *q, int flags, struct error *err)
{
    struct stat st;
    int fd = q->path ? open(q->path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY) : NO_LIST;
    if (fd < 0)
        return q->path && errno != ENOENT ? not_usable(q, errno, err) : NO_LIST;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return fd;
    close(fd);
    return not_usable(q, 0, err);
}

/* into->path: the list's. */
static int read_list(struct quarantine *into, int fd, struct error *err)
{
    struct buf piece = BUF_INIT;
    int rc = read_pieces(into, fd, &piece, err);
    if (!rc && piece.len) { /* a last line without its end */
        buf_putc(&piece, '\n');
        if (piece.failed || read_piece(into, &piece))
            rc = error_nomem(err);
    }
    buf_free(&piece);
    return rc;
}

static int read_page(struct quarantine *into, const struct guard_shared *shared)
{
    struct buf text = BUF_INIT;
    uint32_t length = shared ? atomic_load(&shared->length) : 0;
    if (shared && length <= GUARD_MARKS_MAX)
        buf_add(&text, shared->marks, length);
    int rc = text.failed || (text.ptr && read_lines(into, text.ptr)) ? ERR_NOMEM : 0;
    buf_free(&text);
    return rc;
}

int quarantine_read(struct quarantine *q, struct error *err)
{
    struct quarantine fresh = {.path = q->path};
    int fd = open_list(q, O_RDONLY, err), rc = fd < NO_LIST ? fd : 0;
    if (fd >= 0) {
        rc = read_list(&fresh, fd, err);
        close(fd);
    }
    if (!rc && read_page(&fresh, q->shared))
        rc = error_nomem(err);
    if (rc) {
        clear(&fresh);
        return rc;
    }
    clear(q);
    q->marks = fresh.marks;
    q->count = fresh.count;
    return 0;
}

/* ---- asking ---- */

const struct quarantine_mark *quarantine_find(const struct quarantine *q, const char *policy, const char *hash)
{
    for (size_t i = q ? q->count : 0; i > 0; i--) {
        const struct quarantine_mark *m = &q->marks[i - 1];
        if (strcmp(m->policy, policy) == 0 && strcmp(m->hash, hash) == 0)
            return m;
    }
    return NULL;
}

const struct quarantine_mark *quarantine_since(const struct quarantine *q, const char *policy, int64_t since)
{
    for (size_t i = q ? q->count : 0; i > 0; i--) {
        const struct quarantine_mark *m = &q->marks[i - 1];
        if (strcmp(m->policy, policy) == 0 && m->at >= since)
            return m;
    }
    return NULL;
}

const char *quarantine_deed(const struct quarantine_mark *mark, char out[64])
{
    if (strcmp(mark->reason, "stall") == 0)
        snprintf(out, 64, "held the loop for too long");
    else
        snprintf(out, 64, "crashed with %s", mark->reason);
    return out;
}

/* ---- writing ---- */

/* The list, locked, as it stands under its name: whoever writes it again has the lock on the former one until then. */
static int open_locked(const struct quarantine *q, int flags, struct error *err)
{
    for (;;) {
        struct stat opened, named;
        int fd = open_list(q, flags, err);
        if (fd < 0)
            return fd;
        while (flock(fd, LOCK_EX) != 0 && errno == EINTR) {
        }
        if (fstat(fd, &opened) == 0 && stat(q->path, &named) == 0 && opened.st_ino == named.st_ino &&
            opened.st_dev == named.st_dev)
            return fd;
        close(fd);
    }
}

int quarantine_let_go(const struct quarantine *q, const char *name, int64_t now, struct error *err)
{
    size_t i = 0;
    while (i < q->count && !has_name(&q->marks[i], name))
        i++;
    if (i == q->count || !q->path)
        return error_set(err, ERR_NOT_FOUND, "\"%s\" is not in quarantine", name);
    int fd = open_locked(q, O_WRONLY | O_APPEND, err);
    if (fd < NO_LIST)
        return fd;
    bool good = fd >= 0 && dprintf(fd, "resumed %lld %s\n", (long long)now, name) > 0 && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0)
        close(fd);
    return good ? 0 : error_set(err, ERR_IO, "%s cannot be written: %s", q->path, strerror(why));
}

static void write_marks(const struct quarantine *q, struct buf *out)
{
    for (size_t i = 0; i < q->count; i++) {
        const struct quarantine_mark *m = &q->marks[i];
        buf_printf(out, "stopped %" PRId64 " %s %s %d %s %s\n", m->at, m->reason, m->hash, m->line,
                   *m->policy ? m->policy : "-", m->file);
    }
}

/* On the disk under another name first, then under its own. */
static int put_in_place(const struct quarantine *q, const struct buf *text, struct error *err)
{
    struct buf fresh = BUF_INIT;
    buf_printf(&fresh, "%s.new", q->path);
    if (fresh.failed)
        return error_nomem(err);
    unlink(fresh.ptr); /* of a start that was broken off */
    int fd = open(fresh.ptr, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = fd >= 0 && (!text->len || write(fd, text->ptr, text->len) == (ssize_t)text->len) && fsync(fd) == 0;
    if (fd >= 0)
        good = close(fd) == 0 && good;
    good = good && rename(fresh.ptr, q->path) == 0;
    int why = errno;
    if (!good && fd >= 0)
        unlink(fresh.ptr);
    buf_free(&fresh);
    return good ? 0 : error_set(err, ERR_IO, "%s cannot be written again: %s", q->path, strerror(why));
}

static int compact(const struct quarantine *q, int fd, struct error *err)
{
    struct quarantine inforce = {.path = q->path};
    struct buf text = BUF_INIT;
    int rc = read_list(&inforce, fd, err);
    if (!rc) {
        thin_out(&inforce, QUARANTINE_MARKS);
        write_marks(&inforce, &text);
        rc = text.failed ? error_nomem(err) : put_in_place(q, &text, err);
    }
    clear(&inforce);
    buf_free(&text);
    return rc;
}

int quarantine_compact(const struct quarantine *q, struct error *err)
{
    struct stat st;
    if (!q->path || stat(q->path, &st) != 0 || st.st_size <= QUARANTINE_COMPACT)
        return 0;
    int fd = open_locked(q, O_RDONLY, err);
    if (fd < 0)
        return fd < NO_LIST ? fd : 0;
    int rc = compact(q, fd, err);
    close(fd);
    return rc;
}
