#include "change/replace_parts.h"
#include "mpijob/kind.h"

#include <stdio.h>

static void whole_diff(struct replace *r, struct buf *out)
{
    buf_puts(out, "[{\"path\":\"\",\"after\":");
    buf_add_str(out, buf_str(&r->whole));
    buf_puts(out, "}]");
}

void replace_row_begin(struct replace *r, store_done written)
{
    struct buf diff = BUF_INIT, uid = BUF_INIT;
    if (r->whole.len)
        whole_diff(r, &diff);
    else
        mpijob_diff_json(&r->diff, &diff);
    struct json whole;
    if (r->viewed)
        buf_add_str(&uid, r->view.uid);
    else if (r->whole.len && json_parse(buf_str(&r->whole), "the object", &whole, NULL) == 0)
        json_decode(json_at(whole, "/metadata/uid"), &uid);
    struct store_change change = {
        .run = r->run,
        .policy = r->policy,
        .cluster = cluster_name(r->site->cluster),
        .server = cluster_server(r->site->cluster),
        .resource = mpijob_kind_info(r->kind)->definition,
        .version = r->resource.version,
        .name_space = r->name_space,
        .name = r->name,
        .uid = uid.ptr ? uid.ptr : "",
        .resource_version = r->version_text,
        .verb = "replace",
        .diff = diff.ptr ? diff.ptr : "[]",
        .effect = mpijob_effect_name(r->verdict.effect),
        .why = r->verdict.why,
        .intended_at = clock_now(r->site->clock),
        .handled_key = r->handled_key,
        .handled_value = r->handled_value,
    };
    snprintf(r->uid, sizeof r->uid, "%s", change.uid);
    if (diff.failed || uid.failed) {
        struct error err;
        error_nomem(&err);
        written(r, 0, &err);
    } else {
        store_intent(r->site->store, &change, written, r);
    }
    buf_free(&diff);
    buf_free(&uid);
}

static void end_row(struct replace *r, int64_t row, const char *outcome, int status, const char *message)
{
    struct store_change change = {
        .id = row,
        .outcome = outcome,
        .status = status,
        .message = message,
        .effect = mpijob_effect_name(r->verdict.effect),
        .why = r->verdict.why,
        .resource_version_after = r->version_text,
        .ended_at = clock_now(r->site->clock),
    };
    if (strcmp(outcome, "lost") != 0) { /* done is handled, not done is not; of what is lost nobody knows yet */
        change.uid = r->uid;
        change.handled_key = r->handled_key;
        change.handled_value = strcmp(outcome, "done") == 0 ? r->handled_value : NULL;
    }
    store_outcome(r->site->store, &change, NULL, NULL);
}

void replace_row_end(struct replace *r, const char *outcome, int status, const struct error *err)
{
    if (!r->row)
        return;
    end_row(r, r->row, outcome, status, err ? err->message : NULL);
    r->last_row = r->row;
    r->row = 0;
}

void replace_row_found(struct replace *r)
{
    if (r->last_row)
        end_row(r, r->last_row, "done", 0, "the answer was lost; reading the job showed that it was done");
}

void replace_row_observed(struct replace *r)
{
    int64_t row = r->last_row ? r->last_row : r->launcher.row;
    struct store_change change = {
        .id = row, .observed = effect_seen_name(r->effect.seen), .observed_at = clock_now(r->site->clock)};
    if (row && change.observed)
        store_observed(r->site->store, &change, NULL, NULL);
}
