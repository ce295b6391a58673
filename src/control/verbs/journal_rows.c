/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the journal, newest first, in pages: read on another thread, as any amount of them may have to be looked
 * through. */
#include <stdlib.h>
#include <string.h>

#include "control/verbs/parts.h"
#include "history/fields.h"
#include "history/since.h"
#include "store/journal_chain.h"
#include "store/store.h"

#define TEXT 1024 /* bytes of an argument: a longer one is cut, and fits no row */
#define PAGE_DEFAULT 100
#define PAGE_MOST 1000
#define PAGE_BYTES ((size_t)4 * 1024 * 1024) /* a page ends with the row that exceeds it */
#define UNDER_WAY 4                          /* more are refused: each holds one of the few threads */

struct look_back {
    struct work work;
    struct verbs *verbs;
    struct control_request *request; /* NULL: the asker has gone away */
    bool runs;
    struct store_filter filter;
    char policy[TEXT], cluster[TEXT], name_space[TEXT], job[TEXT], outcome[TEXT];
    int64_t limit, count, last; /* last: the number of the last row of the page */
    bool more;
    struct fields page;
    const struct error *error; /* of the reading (error_keep) */
};

static void gone(void *data, struct control_request *request)
{
    (void)request;
    ((struct look_back *)data)->request = NULL;
}

static void look_free(struct look_back *l)
{
    struct verbs *v = l->verbs;
    fields_free(&l->page);
    error_keep(&l->error, NULL);
    free(l);
    verbs_release(v);
}

/* ---- on the other thread ---- */

static bool take(struct look_back *l, int64_t id)
{
    l->more = l->count == l->limit || l->page.row.len > PAGE_BYTES;
    if (l->more)
        return false;
    l->count++;
    l->last = id;
    return true;
}

static bool take_change(void *data, const struct store_change *change)
{
    struct look_back *l = data;
    if (!take(l, change->id))
        return false;
    fields_change(&l->page, change);
    return true;
}

static bool take_run(void *data, const struct store_run *run)
{
    struct look_back *l = data;
    if (!take(l, run->id))
        return false;
    fields_run(&l->page, run);
    return true;
}

static void read_rows(struct work *work)
{
    struct look_back *l = (struct look_back *)work;
    struct journal *journal = store_journal(l->verbs->o.store);
    struct json_writer *w = &l->page.w;
    struct error err;
    json_write_object(w);
    json_write_key(w, "items");
    json_write_array(w);
    int rc = l->runs ? journal_read_runs(journal, &l->filter, false, take_run, l, &err)
                     : journal_read_changes(journal, &l->filter, take_change, l, &err);
    json_write_end(w);
    json_write_key(w, "next");
    if (l->more)
        json_write_int(w, l->last);
    else
        json_write_null(w);
    if (!rc)
        rc = buf_result(&l->page.row, "the page", &err);
    if (rc)
        error_keep(&l->error, &err);
}

/* ---- on the loop ---- */

static void was_read(struct work *work)
{
    struct look_back *l = (struct look_back *)work;
    struct error err;
    l->verbs->looks_back--;
    if (l->request && l->verbs->closed) {
        error_set(&err, ERR_CANCELLED, "the daemon is being stopped");
        control_fail(l->request, &err);
    } else if (l->request && l->error) {
        control_fail(l->request, l->error);
    } else if (l->request) {
        answer_with(l->request, &l->page.w);
    }
    look_free(l);
}

static int read_numbers(struct look_back *l, struct json args, struct error *err)
{
    static const char *const names[] = {"run", "limit", "cursor"};
    int64_t *to[] = {&l->filter.run, &l->limit, &l->filter.before};
    l->limit = PAGE_DEFAULT;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct json value = json_get(args, names[i]);
        if (json_exists(value) && (!json_int64(value, to[i]) || *to[i] < 1))
            return error_set(err, ERR_INVALID, "%s has to be a whole number from 1", names[i]);
    }
    if (l->limit > PAGE_MOST)
        return error_set(err, ERR_INVALID, "limit has to be at most %d", PAGE_MOST);
    l->filter.limit = l->limit + 1;
    return 0;
}

static int read_args(struct look_back *l, struct json args, struct error *err)
{
    struct store_filter *f = &l->filter;
    char since[64];
    int rc = read_numbers(l, args, err);
    f->with_run = !l->runs;
    f->policy = args_text(args, "policy", l->policy, sizeof l->policy);
    f->cluster = args_text(args, "cluster", l->cluster, sizeof l->cluster);
    f->name_space = args_text(args, "namespace", l->name_space, sizeof l->name_space);
    f->outcome = args_text(args, "outcome", l->outcome, sizeof l->outcome);
    f->in_flight = json_is_true(json_get(args, "in_flight"));
    f->name = args_text(args, "job", l->job, sizeof l->job);
    char *slash = f->name ? strchr(l->job, '/') : NULL;
    if (slash) {
        *slash = '\0';
        f->name_space = l->job;
        f->name = slash + 1;
    }
    if (!rc && f->name && (!*f->name || strchr(f->name, '/') || (slash && slash == l->job)))
        rc = error_set(err, ERR_INVALID, "job takes NAMESPACE/NAME or NAME");
    if (!rc && args_text(args, "since", since, sizeof since))
        rc = since_parse(since, clock_now(l->verbs->o.clock), &f->since, err);
    return rc;
}

static void take_rows(struct verbs *v, struct control_request *r, struct json args, bool runs)
{
    struct error err;
    struct look_back *l = v->state ? calloc(1, sizeof *l) : NULL;
    int rc = l ? 0 : v->state ? error_nomem(&err) : error_set(&err, ERR_IO, "this daemon has no journal");
    if (l) {
        l->verbs = v;
        l->runs = runs;
        json_writer_init(&l->page.w, &l->page.row);
        rc = read_args(l, args, &err);
    }
    if (!rc && v->looks_back == UNDER_WAY)
        rc = error_set(&err, ERR_LIMIT, "the journal is read for %d others now; ask again in a moment", UNDER_WAY);
    if (rc) {
        free(l);
        control_fail(r, &err);
        return;
    }
    l->request = r;
    v->looks_back++;
    verbs_hold(v);
    control_wait(r, gone, l);
    work_start(v->o.loop, &l->work, read_rows, was_read);
}

static void take_runs(void *data, struct control_request *r, struct json args)
{
    take_rows(data, r, args, true);
}

static void take_changes(void *data, struct control_request *r, struct json args)
{
    take_rows(data, r, args, false);
}

static void take_journal(void *data, struct control_request *r, struct json args)
{
    const struct verbs *v = data;
    struct error err;
    struct buf out = BUF_INIT;
    struct json_writer w;
    char head[CHAIN_HEAD_SIZE];
    (void)args;
    if (!v->state) {
        error_set(&err, ERR_IO, "this daemon has no journal");
        control_fail(r, &err);
        return;
    }
    journal_head(store_journal(v->o.store), head);
    json_writer_init(&w, &out);
    json_write_object(&w);
    write_text(&w, "head", head);
    write_number(&w, "failures", (int64_t)store_failures(v->o.store));
    answer_with(r, &w);
}

const struct control_verb journal_verbs[] = {
    {"journal", CONTROL_READS, take_journal},
    {"runs", CONTROL_READS, take_runs},
    {"changes", CONTROL_READS, take_changes},
    {NULL, CONTROL_READS, NULL},
};
