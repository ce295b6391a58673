/* SPDX-License-Identifier: Apache-2.0 */
/* Does a plan still fit: the cluster, the objects, the files of the policies? Where something has moved, nothing is
 * changed, unless the rest is asked for. */
#include <stdio.h>
#include <string.h>

#include "base/texts.h"
#include "cli/apply/applying.h"

bool apply_wants(const struct apply *a, const struct plan_change *change)
{
    const struct plan_write *w = plan_main_write(change);
    if (!a->job_name)
        return true;
    return strcmp(w->name, a->job_name) == 0 &&
           (!a->job_namespace || (w->name_space && strcmp(w->name_space, a->job_namespace) == 0));
}

/* ---- the cluster ---- */

static void identified(void *data, const char *identity, const struct error *err)
{
    struct apply *a = data;
    snprintf(a->identity, sizeof a->identity, "%s", identity);
    if (err)
        a->s.error = *err;
    else
        error_clear(&a->s.error);
    a->s.flag = true;
}

int apply_check_cluster(struct apply *a)
{
    struct session *s = &a->s;
    s->flag = false;
    int rc = plan_identity(s->cluster, identified, a, &s->error);
    if (!rc) {
        session_wait(s);
        rc = s->error.code;
    }
    s->flag = false;
    if (rc)
        return session_fail(s, &s->error);
    const char *server = cluster_server(s->cluster);
    bool known = *a->identity && *a->plan.identity;
    bool same = known ? strcmp(a->identity, a->plan.identity) == 0 : strcmp(server, a->plan.server) == 0;
    if (same)
        return 0;
    error_set(&s->error, ERR_REFUSED,
              "%s was made for another cluster: cluster %s at %s; this one is at %s. Nothing was changed", a->path,
              a->plan.cluster, a->plan.server, server);
    return session_fail(s, &s->error);
}

/* ---- the files of the policies ---- */

/* A file that is not there says nothing: the plan may be applied on another machine. */
static void look_at_files(struct apply *a)
{
    for (size_t i = 0; i < a->plan.file_count; i++) {
        const struct plan_file *f = &a->plan.files[i];
        struct buf text = BUF_INIT;
        char sum[PLAN_SUM];
        bool moved = buf_read_file(&text, f->path, PLAN_BYTES_MAX, NULL) == 0 &&
                     plan_sum(buf_str(&text), sum, NULL) == 0 && strcmp(sum, f->sum) != 0;
        buf_free(&text);
        if (moved)
            apply_print_file(a, f);
        a->files_moved += moved;
    }
}

/* ---- all of it ---- */

static void add(struct buf *out, size_t n, const char *one, const char *many)
{
    if (n)
        buf_printf(out, "%s%zu %s", out->len ? "; " : "", n, n == 1 ? one : many);
}

static void refuse(struct apply *a, size_t moved, size_t unread)
{
    struct buf what = BUF_INIT;
    add(&what, moved, "change has moved", "changes have moved");
    add(&what, unread, "object could not be looked at", "objects could not be looked at");
    add(&what, a->files_moved, "file of its policies has another text", "files of its policies have another text");
    error_set(&a->s.error, ERR_CONFLICT,
              "%s does not fit any more: %s, of %zu change%s. Nothing was changed. Make the plan again, or apply what "
              "still fits with --partial",
              a->path, or_empty(what.ptr), a->meant, a->meant == 1 ? "" : "s");
    buf_free(&what);
}

int apply_fit(struct apply *a)
{
    struct session *s = &a->s;
    size_t unread = 0, moved = 0;
    s->flag = false;
    plan_work_look(&a->work);
    session_wait(s);
    s->flag = false;
    look_at_files(a);
    for (size_t i = 0; i < a->plan.change_count; i++) {
        const struct plan_item *item = &a->work.items[i];
        if (!apply_wants(a, item->change) || item->state == PLAN_FITS)
            continue;
        apply_print_left(a, item);
        moved += item->state == PLAN_MOVED;
        unread += item->state == PLAN_FAILED;
        a->already += item->state == PLAN_DONE;
    }
    a->left = moved;
    a->failed = unread;
    if (s->options.partial || (!moved && !unread && !a->files_moved))
        return 0;
    a->left = a->meant - a->already - unread; /* all of them are left */
    apply_print_end(a);
    refuse(a, moved, unread);
    return session_fail(s, &s->error);
}
