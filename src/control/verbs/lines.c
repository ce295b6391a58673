/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of lines a policy, and one of all. */
#include "control/verbs/lines.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/buf.h"
#include "base/grown.h"

#define LINE_MAX_BYTES 600 /* of a line that is kept; the log has all of it */

struct ring {
    char policy[64];
    char *lines[LINES_A_POLICY]; /* NULL: none yet */
    unsigned next;
};

struct lines {
    uv_mutex_t mutex;
    struct ring *rings;
    size_t count, cap, oldest; /* oldest: the one whose place is taken next, when all are taken */
    struct line last[LINES_LAST];
    int64_t numbered; /* lines that have come; number n stands in last[n % LINES_LAST] */
};

static struct ring *find(struct lines *l, const char *policy)
{
    for (size_t i = 0; i < l->count; i++) {
        if (strcmp(l->rings[i].policy, policy) == 0)
            return &l->rings[i];
    }
    return NULL;
}

static void empty(struct ring *r)
{
    for (int i = 0; i < LINES_A_POLICY; i++)
        free(r->lines[i]);
    *r = (struct ring){.next = 0};
}

static struct ring *make(struct lines *l, const char *policy)
{
    struct ring *r;
    if (l->count == LINES_POLICIES) {
        r = &l->rings[l->oldest];
        l->oldest = (l->oldest + 1) % LINES_POLICIES;
        empty(r);
    } else {
        struct ring *rings = grown(l->rings, l->count, &l->cap, sizeof *rings, 16);
        if (!rings)
            return NULL;
        l->rings = rings;
        r = &l->rings[l->count++];
        *r = (struct ring){.next = 0};
    }
    strncpy(r->policy, policy, sizeof r->policy - 1);
    return r;
}

/* To the end of a character. */
static size_t cut(const char *text, size_t len)
{
    if (len <= LINE_MAX_BYTES)
        return len;
    len = LINE_MAX_BYTES;
    while (len && ((unsigned char)text[len] & 0xC0) == 0x80)
        len--;
    return len;
}

/* Without memory the line is missing. */
static void keep_last(struct lines *l, enum log_level level, struct str line, int64_t repeated)
{
    char *text = str_dup(str_n(line.ptr, cut(line.ptr, str_trim(line).len)));
    uv_mutex_lock(&l->mutex);
    size_t at = (size_t)(++l->numbered % LINES_LAST);
    free((char *)l->last[at].text);
    l->last[at] = (struct line){.level = level, .text = text, .repeated = repeated};
    uv_mutex_unlock(&l->mutex);
}

static const char *value_of(const struct log_field *fields, const char *name)
{
    for (; fields && fields->name; fields++) {
        if (fields->value && strcmp(fields->name, name) == 0)
            return fields->value;
    }
    return NULL;
}

static void hear(void *data, enum log_level level, const char *message, const struct log_field *fields, struct str line)
{
    struct lines *l = data;
    const char *policy = value_of(fields, "policy"), *repeated = value_of(fields, "repeated");
    (void)message;
    keep_last(l, level, line, repeated ? strtoll(repeated, NULL, 10) : 0);
    if (!policy || !*policy || strlen(policy) >= sizeof((struct ring){0}).policy)
        return;
    char *text = str_dup(str_n(line.ptr, cut(line.ptr, str_trim(line).len)));
    if (!text)
        return;
    uv_mutex_lock(&l->mutex);
    struct ring *r = find(l, policy);
    if (!r)
        r = make(l, policy);
    if (r) {
        free(r->lines[r->next]);
        r->lines[r->next] = text;
        r->next = (r->next + 1) % LINES_A_POLICY;
    } else {
        free(text);
    }
    uv_mutex_unlock(&l->mutex);
}

struct lines *lines_open(struct log *log)
{
    struct lines *l = calloc(1, sizeof *l);
    if (!l || uv_mutex_init(&l->mutex)) {
        free(l);
        return NULL;
    }
    log->heard = l;
    log->hear = hear;
    return l;
}

void lines_close(struct lines *l, struct log *log)
{
    if (!l)
        return;
    log->hear = NULL;
    for (size_t i = 0; i < l->count; i++)
        empty(&l->rings[i]);
    for (size_t i = 0; i < LINES_LAST; i++)
        free((char *)l->last[i].text);
    free(l->rings);
    uv_mutex_destroy(&l->mutex);
    free(l);
}

void lines_each(struct lines *l, const char *policy, void (*visit)(void *data, const char *text), void *data)
{
    uv_mutex_lock(&l->mutex);
    const struct ring *r = find(l, policy);
    for (unsigned i = 0; r && i < LINES_A_POLICY; i++) {
        const char *text = r->lines[(r->next + i) % LINES_A_POLICY];
        if (text)
            visit(data, text);
    }
    uv_mutex_unlock(&l->mutex);
}

void lines_each_last(struct lines *l, int64_t after, void (*visit)(void *data, int64_t number, const struct line *line),
                     void *data)
{
    uv_mutex_lock(&l->mutex);
    int64_t first = l->numbered > LINES_LAST ? l->numbered - LINES_LAST + 1 : 1;
    for (int64_t n = after >= first ? after + 1 : first; n <= l->numbered; n++) {
        const size_t at = (size_t)(n % LINES_LAST);
        if (l->last[at].text)
            visit(data, n, &l->last[at]);
    }
    uv_mutex_unlock(&l->mutex);
}
