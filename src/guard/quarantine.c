/* SPDX-License-Identifier: Apache-2.0 */
/* The list is only appended to, so that a handler, a daemon and a command can write it without asking one another. */
#include "guard/quarantine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

#define LIST_MAX (4 * 1024 * 1024)

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

static int add(struct quarantine *q, struct quarantine_mark mark, const char *file)
{
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

static int read_page(const struct guard_shared *shared, struct buf *out)
{
    uint32_t length = shared ? atomic_load(&shared->length) : 0;
    if (shared && length <= GUARD_MARKS_MAX)
        buf_add(out, shared->marks, length);
    return out->failed ? ERR_NOMEM : 0;
}

int quarantine_read(struct quarantine *q, struct error *err)
{
    struct quarantine fresh = {0};
    struct buf text = BUF_INIT, page = BUF_INIT;
    int rc = q->path && access(q->path, F_OK) == 0 ? buf_read_file(&text, q->path, LIST_MAX, err) : 0;
    if (!rc && (read_page(q->shared, &page) || (text.ptr && read_lines(&fresh, text.ptr)) ||
                (page.ptr && read_lines(&fresh, page.ptr))))
        rc = error_nomem(err);
    buf_free(&text);
    buf_free(&page);
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

int quarantine_let_go(const struct quarantine *q, const char *name, int64_t now, struct error *err)
{
    size_t i = 0;
    while (i < q->count && !has_name(&q->marks[i], name))
        i++;
    if (i == q->count || !q->path)
        return error_set(err, ERR_NOT_FOUND, "\"%s\" is not in quarantine", name);
    int fd = open(q->path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    bool good = fd >= 0 && dprintf(fd, "resumed %lld %s\n", (long long)now, name) > 0 && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0)
        close(fd);
    return good ? 0 : error_set(err, ERR_IO, "%s cannot be written: %s", q->path, strerror(why));
}
