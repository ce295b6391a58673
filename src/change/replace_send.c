/* A replacement's requests: the GET, and the PUT with its rows in the journal. */
#include <stdlib.h>

#include "change/replace_parts.h"

/* ---- the answer to the PUT ---- */

static int not_kept(const char *what, struct json gave, struct json kept, struct error *err)
{
    return error_set(err, ERR_DROPPED, "the server answered 200 and did not keep %s: %.*s was sent, %.*s came back",
                     what, (int)gave.text.len, gave.text.ptr, json_exists(kept) ? (int)kept.text.len : 7,
                     json_exists(kept) ? kept.text.ptr : "nothing");
}

/* Every label, every annotation that was sent is there; there may be more. */
static int check_map(struct json sent, struct json answer, const char *pointer, struct error *err)
{
    struct json there = json_at(answer, pointer);
    int rc = 0;
    for (struct json_iter it = json_iter(json_at(sent, pointer)); !rc && json_next(&it);) {
        struct buf key = BUF_INIT;
        rc = json_decode(it.key, &key) ? 0 : error_nomem(err);
        struct json kept = rc ? it.value : json_member(there, buf_str(&key));
        if (!rc && !(json_exists(kept) && json_equal(kept, it.value))) {
            buf_printf(&key, " in %s", pointer);
            rc = not_kept(key.ptr ? key.ptr : pointer, it.value, kept, err);
        }
        buf_free(&key);
    }
    return rc;
}

static int check_kept(struct replace *r, struct json answer, struct error *err)
{
    struct mpijob_target target = r->target;
    if (!r->whole.len)
        return mpijob_diff_verify(&r->diff, answer, target, err);
    struct json sent;
    int rc = json_parse(buf_str(&r->whole), "the object", &sent, err);
    if (!rc)
        rc = check_map(sent, answer, "/metadata/labels", err);
    if (!rc)
        rc = check_map(sent, answer, "/metadata/annotations", err);
    for (int f = 0; !rc && f < FIELD_COUNT; f++) {
        struct json gave = mpijob_field_value(sent, (enum mpijob_field_id)f, target);
        struct json kept = mpijob_field_value(answer, (enum mpijob_field_id)f, target);
        if (json_exists(gave) && !json_equal(gave, kept))
            rc = not_kept(mpijob_field_name((enum mpijob_field_id)f), gave, kept, err);
    }
    return rc;
}

/* The MPIJob is as it should be. */
static void own_part_done(struct replace *r, const struct kube_answer *answer)
{
    struct error err;
    if (r->launcher.plan.diff.count == 0) {
        replacing_finish(r, answer, NULL);
    } else if (replacing_keep(r, answer)) {
        error_nomem(&err);
        error_prefix(&err, "the MPIJob was changed, its launcher was not");
        replacing_finish(r, NULL, &err);
    } else if (r->cancelled) {
        error_set(&err, ERR_CANCELLED, "given up: the MPIJob was changed, its launcher was not");
        replacing_finish(r, NULL, &err);
    } else {
        replacing_write_launcher(r);
    }
}

static void put_succeeded(struct replace *r, const struct kube_answer *answer)
{
    struct error err;
    char sent[sizeof r->version_text];
    memcpy(sent, r->version_text, sizeof sent);
    replacing_note_version(r, answer->body);
    if (r->whole.len && !r->dry_run && strcmp(sent, r->version_text) == 0) {
        r->verdict.effect = EFFECT_UNCHANGED;
        snprintf(r->verdict.why, sizeof r->verdict.why, "the server had this very object");
    }
    if (check_kept(r, answer->body, &err)) {
        replace_row_end(r, "failed", answer->status, &err);
        replacing_finish(r, answer, &err);
        return;
    }
    replace_row_end(r, "done", answer->status, NULL);
    own_part_done(r, answer);
}

/* ---- another version ---- */

static void looked(struct cluster_wait *wait, bool moved)
{
    struct replace *r = wait->data;
    struct error err;
    if (!moved) {
        if (cluster_serves(r->site->cluster, r->kind, &err) == 0)
            err = r->lost;
        replacing_finish(r, NULL, &err);
        return;
    }
    r->len = 0;
    replacing_fetch(r, r->lookup);
}

/* The definition has been changed under us: the object is read and edited anew through the version that is served now.
 * A whole object cannot be: it is of its version. */
static bool follow(struct replace *r, const struct error *err)
{
    if (!err->no_path || r->whole.len || r->cancelled || ++r->tries >= REPLACE_TRIES)
        return false;
    r->lost = *err;
    r->wait = (struct cluster_wait){.found = looked, .data = r};
    cluster_lost(r->site->cluster, r->kind, r->target.version, &r->wait);
    return true;
}

static void put_came(void *data, struct kube_request *request, const struct kube_answer *answer,
                     const struct error *err, bool lost)
{
    (void)request;
    struct replace *r = data;
    r->request = NULL;
    r->puts += answer ? answer->tries : 1;
    if (r->abandoned) {
        replacing_fail(r, ERR_CANCELLED, "given up while its PUT was under way; it is looked into at the next start");
    } else if (answer) {
        put_succeeded(r, answer);
    } else if (lost && !r->dry_run) {
        replace_row_end(r, "lost", err->status, err);
        if (r->whole.len)
            replacing_finish(r, NULL, err);
        else
            replacing_again(r, true, err);
    } else if (err->code == ERR_CONFLICT && !r->whole.len) {
        replace_row_end(r, "failed", err->status, err);
        replacing_again(r, false, err);
    } else {
        replace_row_end(r, "failed", err->status, err);
        if (!follow(r, err))
            replacing_finish(r, NULL, err);
    }
}

/* ---- the write ---- */

static void put(struct replace *r)
{
    struct kube_query query = {.field_manager = "mpijobd",
                               .dry_run = r->dry_run ? "All" : NULL,
                               .field_validation = r->target.controller == CONTROLLER_CCI ? NULL : "Strict"};
    struct str object = r->whole.len ? buf_str(&r->whole) : buf_str(&r->edited);
    struct kube_call call = {.resource = &r->resource,
                             .name_space = r->name_space,
                             .name = r->name,
                             .query = &query,
                             .body = object,
                             .done = put_came,
                             .data = r};
    struct error err;
    if (kube_replace(cluster_kube(r->site->cluster), &call, &r->request, &err)) {
        replace_row_end(r, "failed", 0, &err);
        replacing_finish(r, NULL, &err);
    }
}

static void intent_written(void *data, int64_t id, const struct error *err)
{
    struct replace *r = data;
    r->row = id;
    if (err) {
        struct error told = *err;
        error_prefix(&told, "nothing was sent, because the journal cannot be written");
        r->row = 0;
        replacing_finish(r, NULL, &told);
    } else if (r->cancelled) {
        struct error told;
        error_set(&told, ERR_CANCELLED, "given up before anything was sent");
        replace_row_end(r, "not-done", 0, &told);
        replacing_finish(r, NULL, &told);
    } else {
        put(r);
    }
}

void replacing_write(struct replace *r)
{
    if (r->dry_run)
        put(r);
    else if (r->site->store)
        replace_row_begin(r, intent_written);
    else
        put(r);
}

/* ---- the read ---- */

/* After a lost answer: was it done all the same? */
static bool found_done(struct replace *r, struct json fresh)
{
    struct json uid = json_at(fresh, "/metadata/uid");
    return json_string_is(uid, r->view.uid) && mpijob_diff_done(&r->diff, fresh);
}

static void got(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                bool lost)
{
    (void)lost;
    struct replace *r = data;
    bool lookup = r->lookup;
    r->request = NULL;
    r->gets++;
    if (err && follow(r, err))
        return;
    if (err) {
        struct error told = *err;
        if (lookup)
            error_prefix(&told, "the answer to a PUT was lost, and looking for its outcome failed");
        replacing_finish(r, NULL, &told);
        return;
    }
    if (lookup && found_done(r, answer->body)) {
        replacing_note_version(r, answer->body);
        replace_row_found(r);
        own_part_done(r, answer);
        return;
    }
    if (r->cancelled) {
        replacing_fail(r, ERR_CANCELLED, "given up");
        return;
    }
    free(r->bytes);
    r->bytes = kube_answer_take(request, &r->len);
    if (!r->bytes) {
        replacing_fail(r, ERR_NOMEM, "out of memory");
        return;
    }
    replacing_consider(r);
}

void replacing_fetch(struct replace *r, bool lookup)
{
    struct error err;
    struct json root;
    r->lookup = lookup;
    /* A whole object is written through its own version, so it is compared in that. */
    if (r->whole.len && json_parse(buf_str(&r->whole), "the object", &root, &err) == 0)
        replacing_use(r, cluster_target_of(r->site->cluster, r->kind, root));
    else
        replacing_use(r, cluster_target(r->site->cluster, r->kind));
    struct kube_call call = {
        .resource = &r->resource, .name_space = r->name_space, .name = r->name, .done = got, .data = r};
    if (kube_get(cluster_kube(r->site->cluster), &call, &r->request, &err))
        replacing_finish(r, NULL, &err);
}
