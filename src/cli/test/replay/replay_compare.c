/* SPDX-License-Identifier: Apache-2.0 */
/* What was written, byte for byte, by object. */
#include "cli/test/replay/replay_compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grown.h"
#include "mpijob/change/job_changes.h"
#include "record/record.h"

struct write { /* one object's; the others of the same are behind it */
    char key[600];
    struct str sent, before; /* before: the job as the policy was given it; empty: not known */
    bool secret;
    struct write *next; /* the next of the same object */
    bool later;         /* it is not the first of its object */
};
struct writes {
    struct write *items;
    size_t count, cap;
    char outcome[32], numbers[128];
};

static bool grow(struct writes *w)
{
    struct write *items = grown(w->items, w->count, &w->cap, sizeof *items, 64);
    if (items)
        w->items = items;
    return items != NULL;
}

static void read_end(struct writes *w, struct json head)
{
    int64_t changed = 0, unchanged = 0, failed = 0;
    json_string_at(head, "/outcome", w->outcome, sizeof w->outcome);
    json_int64(json_get(head, "changed"), &changed);
    json_int64(json_get(head, "unchanged"), &unchanged);
    json_int64(json_get(head, "failed"), &failed);
    snprintf(w->numbers, sizeof w->numbers, "%" PRId64 " changed, %" PRId64 " unchanged, %" PRId64 " failed", changed,
             unchanged, failed);
}

static struct write *first(const struct writes *w, const char *key)
{
    for (size_t i = 0; i < w->count; i++) {
        if (!w->items[i].later && strcmp(w->items[i].key, key) == 0)
            return &w->items[i];
    }
    return NULL;
}

/* The writes of each object are linked when all are there. */
static void link_up(struct writes *w)
{
    for (size_t i = 0; i < w->count; i++) {
        struct write *of = first(w, w->items[i].key);
        if (of == &w->items[i])
            continue;
        w->items[i].later = true;
        while (of->next)
            of = of->next;
        of->next = &w->items[i];
    }
}

static bool read_writes(struct str recording, struct writes *w)
{
    struct record_entry e;
    char kind[16];
    for (size_t at = 0; record_next(recording, &at, &e);) {
        json_string_at(e.head, "/entry", kind, sizeof kind);
        bool secret = json_is_true(json_get(e.head, "secret"));
        if (strcmp(kind, "end") == 0)
            read_end(w, e.head);
        if (strcmp(kind, "change") != 0 || (!e.bytes[0].len && !secret))
            continue;
        if (!grow(w))
            return false;
        struct write *one = &w->items[w->count++];
        *one = (struct write){.sent = e.bytes[0], .before = e.bytes[2], .secret = secret};
        json_string_at(e.head, "/key", one->key, sizeof one->key);
    }
    link_up(w);
    return true;
}

/* ---- what differs ---- */

/* The job as the policy was given it, in either recording. */
static struct str given(struct str recording, const char *key)
{
    struct record_entry e;
    struct str found = {0};
    char kind[16], name[600];
    for (size_t at = 0; record_next(recording, &at, &e);) {
        json_string_at(e.head, "/entry", kind, sizeof kind);
        json_string_at(e.head, "/key", name, sizeof name);
        if (strcmp(kind, "job") == 0 && strcmp(name, key) == 0)
            found = e.bytes[0];
    }
    return found;
}

static void lines(struct str before, const struct write *w, struct buf *out)
{
    struct mpijob_diff diff = {0};
    struct json was, is;
    struct error err;
    if (!w) {
        buf_puts(out, "  nothing\n");
    } else if (json_parse(before, "", &was, NULL) || json_parse(w->sent, "", &is, NULL) ||
               mpijob_objects_diff(was, is, &diff, &err)) {
        buf_printf(out, "  %zu bytes: %.*s\n", w->sent.len, w->sent.len < 400 ? (int)w->sent.len : 400, w->sent.ptr);
    } else {
        mpijob_diff_write(&diff, false, out);
        if (!diff.count)
            buf_puts(out, "  the object as it was\n");
    }
    mpijob_diff_free(&diff);
}

static void tell_difference(const struct write *a, const struct write *b, struct str before, long long run,
                            struct buf *out)
{
    struct buf then = BUF_INIT, now = BUF_INIT;
    lines(before, a, &then);
    lines(before, b, &now);
    if (a && b && str_eq(buf_str(&then), buf_str(&now))) {
        size_t at = 0;
        while (at < a->sent.len && at < b->sent.len && a->sent.ptr[at] == b->sent.ptr[at])
            at++;
        buf_printf(out, "the same values, in other bytes from the %zuth on:\nrun %lld wrote ...%.*s\nnow ...%.*s",
                   at + 1, run, (int)(a->sent.len - at < 80 ? a->sent.len - at : 80), a->sent.ptr + at,
                   (int)(b->sent.len - at < 80 ? b->sent.len - at : 80), b->sent.ptr + at);
    } else {
        buf_printf(out, "run %lld wrote:\n%snow it writes:\n%s", run, then.ptr, now.ptr);
        out->len -= out->len && out->ptr[out->len - 1] == '\n';
        if (out->ptr)
            out->ptr[out->len] = '\0';
    }
    buf_free(&then);
    buf_free(&now);
}

static void compare_object(const struct write *a, const struct write *b, struct str then, long long run,
                           struct buf *out)
{
    const char *key = a ? a->key : b->key;
    for (; a || b; a = a ? a->next : NULL, b = b ? b->next : NULL) {
        if (a && b && ((a->secret && b->secret) || str_eq(a->sent, b->sent)))
            continue;
        tell_difference(a, b, given(then, key), run, out);
        return;
    }
}

int replay_compare(struct str then, struct str now, long long run,
                   void (*told)(void *data, const struct replay_told *what), void *data)
{
    struct writes a = {0}, b = {0};
    struct buf text = BUF_INIT;
    char name[700];
    int objects = -1;
    if (read_writes(then, &a) && read_writes(now, &b)) {
        objects = 0;
        /* What cancelled a run came from outside. */
        bool cancelled = strcmp(a.outcome, "cancelled") == 0;
        if (strcmp(a.numbers, b.numbers) != 0 || (!cancelled && strcmp(a.outcome, b.outcome) != 0))
            buf_printf(&text, "run %lld was %s: %s\nnow it is %s: %s", run, a.outcome, a.numbers, b.outcome, b.numbers);
        snprintf(name, sizeof name, "run %lld ends as it did", run);
        told(data, &(struct replay_told){name, text.len ? text.ptr : ""});
        for (size_t i = 0; i < a.count + b.count; i++) {
            const struct write *w = i < a.count ? &a.items[i] : &b.items[i - a.count];
            if (w->later || (i >= a.count && first(&a, w->key)))
                continue;
            buf_reset(&text);
            compare_object(first(&a, w->key), first(&b, w->key), then, run, &text);
            snprintf(name, sizeof name, "%s is written as in run %lld", w->key, run);
            told(data, &(struct replay_told){name, text.len ? text.ptr : ""});
            objects += i < a.count;
        }
    }
    buf_free(&text);
    free(a.items);
    free(b.items);
    return objects;
}
