/* SPDX-License-Identifier: Apache-2.0 */
/* get -w: a row for each job that is there, comes, changes or goes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/get/get_parts.h"
#include "cluster/cluster.h"
#include "cluster/seen.h"
#include "kube/reflect.h"
#include "loop/signals.h"
#include "mpijob/match/match.h"

struct watched {
    struct seen seen;
    char version[64];
};

struct watching {
    struct get *g;
    struct seen_set seen;
    struct kube_reflect *reflect;
    struct signals signals;
    bool listed, troubled;
    int code; /* of the exit, where `over` */
    bool over;
};

static void end(struct watching *w, int code)
{
    w->code = code;
    w->over = true;
    w->g->s.flag = true;
}

/* What the table has goes out; where nobody reads any more, as behind `| head`, it is over. */
static void show(struct watching *w)
{
    struct get *g = w->g;
    if (g->table.columns)
        table_show(&g->table, stdout);
    if (fflush(stdout))
        end(w, EXIT_DONE);
}

static void print(struct watching *w, struct json object, const char *mark)
{
    struct get *g = w->g;
    struct mpijob_view view;
    struct mpijob_target target = cluster_target_of(g->s.cluster, g->s.options.job_kind, object);
    if (mpijob_view(object, target, &view, &g->s.error)) {
        session_fail(&g->s, &g->s.error);
        return;
    }
    switch (g->s.options.output) {
    case OUTPUT_TABLE:
    case OUTPUT_WIDE:
        get_row(g, &view, mark);
        break;
    case OUTPUT_COLUMNS:
        shape_row(&g->shape, object, &g->table);
        break;
    case OUTPUT_NAME:
        get_print_name(g, &view);
        break;
    case OUTPUT_YAML:
        puts("---");
        get_print_object(g, object.text);
        break;
    default:
        get_print_object(g, object.text);
        break;
    }
    if (w->listed)
        show(w);
}

static void relist(void *data)
{
    seen_relist(&((struct watching *)data)->seen);
}

static int upsert(void *data, struct json object, bool initial)
{
    struct watching *w = data;
    char uid[SEEN_UID_SIZE], version[64];
    bool is_new;
    (void)initial;
    json_string_at(object, "/metadata/uid", uid, sizeof uid);
    json_string_at(object, "/metadata/resourceVersion", version, sizeof version);
    struct watched *seen = seen_add(&w->seen, uid, sizeof *seen, &is_new);
    if (!seen)
        return ERR_NOMEM;
    bool same = !is_new && strcmp(seen->version, version) == 0;
    memcpy(seen->version, version, sizeof version);
    if (!same)
        print(w, object, "");
    return 0;
}

static void removed(void *data, struct json object)
{
    struct watching *w = data;
    char uid[SEEN_UID_SIZE];
    json_string_at(object, "/metadata/uid", uid, sizeof uid);
    if (seen_remove(&w->seen, uid))
        print(w, object, ",deleted");
}

static void synced(void *data)
{
    struct watching *w = data;
    struct get *g = w->g;
    seen_synced(&w->seen);
    if (w->listed)
        return;
    w->listed = true;
    if (!w->seen.first && g->s.options.argument_count) {
        error_set(&g->s.error, ERR_NOT_FOUND, "there is no %s \"%s\" in namespace \"%s\"",
                  mpijob_kind_info(g->s.options.job_kind)->name, g->s.options.arguments[0], g->s.namespaces[0]);
        end(w, session_fail(&g->s, &g->s.error));
        return;
    }
    if (!w->seen.first)
        fprintf(stderr, "mpijobd get: no job yet; a row will come for each that does\n");
    show(w);
}

/* What may heal by itself is tried again, and told once. */
static void trouble(void *data, const struct error *err)
{
    struct watching *w = data;
    bool ends = err->status == 401 || err->status == 403 || err->status == 404;
    if (ends || !w->troubled)
        session_fail(&w->g->s, err);
    w->troubled = true;
    if (ends)
        end(w, EXIT_FAILED);
}

static void well(void *data)
{
    struct watching *w = data;
    if (w->troubled)
        fprintf(stderr, "mpijobd get: the watch is well again\n");
    w->troubled = false;
}

static void stop(void *data, int signum)
{
    (void)signum;
    end(data, EXIT_DONE);
}

static void closed(void *data)
{
    ((struct watching *)data)->g->s.flag = true;
}

static int begin(struct watching *w)
{
    struct get *g = w->g;
    struct session *s = &g->s;
    char field[MPIJOB_NAME_MAX + 32] = "";
    if (s->options.argument_count)
        snprintf(field, sizeof field, "metadata.name=%s", s->options.arguments[0]);
    struct kube_reflect_call call = {
        .item_kind = mpijob_kind_info(s->options.job_kind)->name,
        .name_space = s->namespaces ? s->namespaces[0] : NULL,
        .label_selector = s->options.selector,
        .field_selector = field,
        .relist = relist,
        .upsert = upsert,
        .remove = removed,
        .synced = synced,
        .trouble = trouble,
        .well = well,
        .data = w,
    };
    if (cluster_serves(s->cluster, s->options.job_kind, &s->error))
        return session_fail(s, &s->error);
    call.resource = *cluster_resource(s->cluster, s->options.job_kind);
    if (signals_open(&s->loop, &w->signals, stop, NULL, w, &s->error))
        return session_fail(s, &s->error);
    int rc = kube_reflect(cluster_kube(s->cluster), &call, &w->reflect, &s->error);
    if (!rc) {
        while (!w->over)
            session_wait(s);
        rc = w->code;
        kube_reflect_close(w->reflect, closed, w);
        session_wait(s);
    } else {
        rc = session_fail(s, &s->error);
    }
    signals_close(&w->signals, closed);
    session_wait(s);
    return rc;
}

/* The server takes the selector as it is; what it cannot be is told before. */
static int check_selector(struct session *s)
{
    struct mpijob_match *match = mpijob_match_new();
    int rc = !match ? error_nomem(&s->error) : mpijob_match_labels(match, s->options.selector, &s->error);
    mpijob_match_free(match);
    return rc ? (session_fail(s, &s->error), match ? EXIT_USAGE : EXIT_FAILED) : 0;
}

int get_watch(struct get *g)
{
    struct watching w = {.g = g};
    if (g->s.options.argument_count && !g->s.namespaces)
        return jobs_need_namespace(&g->s);
    int code = g->s.options.selector ? check_selector(&g->s) : 0;
    if (code)
        return code;
    if (g->s.options.output == OUTPUT_COLUMNS)
        shape_begin(&g->shape, &g->table);
    else if (g->s.options.output == OUTPUT_TABLE || g->s.options.output == OUTPUT_WIDE)
        get_rows_begin(g);
    code = begin(&w);
    seen_free(&w.seen);
    table_free(&g->table);
    return code;
}
