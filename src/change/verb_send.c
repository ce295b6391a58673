/* What a verb sends: bound to what was read, and in the journal before it goes out. */
#include <stdlib.h>

#include "change/verb_parts.h"
#include "json/patch.h"
#include "json/write.h"

/* ---- what goes out ---- */

/* A patch is bound to the object that was looked at by its resourceVersion: the server answers 409 where it is another.
 */
static int bind_patch(struct verb *v, struct json patch, struct error *err)
{
    struct json_edits edits = {0};
    struct str version = str_of(v->resource_version);
    int rc;
    if (v->json_patch) {
        struct buf step = BUF_INIT;
        struct json_writer w;
        json_writer_init(&w, &step);
        json_write_object(&w);
        json_write_key(&w, "op");
        json_write_string(&w, "replace");
        json_write_key(&w, "path");
        json_write_string(&w, "/metadata/resourceVersion");
        json_write_key(&w, "value");
        json_write_string(&w, v->resource_version);
        json_write_end(&w);
        rc = buf_result(&step, "the patch", err);
        if (!rc)
            json_edit_set(&edits, "/-", buf_str(&step));
        buf_free(&step);
    } else {
        json_edit_set_string(&edits, "/metadata/resourceVersion", version);
        rc = 0;
    }
    if (!rc)
        rc = json_edit_apply(&edits, patch, &v->sent, err);
    json_edits_free(&edits);
    return rc;
}

static int delete_options(struct verb *v, struct error *err)
{
    struct json_writer w;
    json_writer_init(&w, &v->sent);
    json_write_object(&w);
    json_write_key(&w, "apiVersion");
    json_write_string(&w, "v1");
    json_write_key(&w, "kind");
    json_write_string(&w, "DeleteOptions");
    json_write_key(&w, "preconditions");
    json_write_object(&w);
    json_write_key(&w, "uid");
    json_write_string(&w, v->uid);
    if (v->wanted_version) {
        json_write_key(&w, "resourceVersion");
        json_write_string(&w, v->wanted_version);
    }
    json_write_end(&w);
    if (v->propagation) {
        json_write_key(&w, "propagationPolicy");
        json_write_string(&w, v->propagation);
    }
    json_write_end(&w);
    return buf_result(&v->sent, "the options of a deletion", err);
}

int verb_prepare(struct verb *v, struct error *err)
{
    struct json body;
    buf_reset(&v->sent);
    if (v->verb == WRITE_DELETE)
        return delete_options(v, err);
    if (v->verb == WRITE_PATCH) {
        int rc = json_parse(buf_str(&v->body), "the patch", &body, err);
        return rc ? rc : bind_patch(v, body, err);
    }
    buf_add_str(&v->sent, buf_str(&v->body));
    return buf_result(&v->sent, "the object", err);
}

/* ---- the write ---- */

/* Of our kinds the fields that were asked for have to be kept; other kinds are the server's to complete. */
static int check_kept(void *data, struct json answer, struct error *err)
{
    struct verb *v = data;
    struct mpijob_diff fields = {0};
    if (!v->ours || v->verb == WRITE_CREATE || v->verb == WRITE_DELETE || !v->diff.count)
        return 0;
    fields.items = calloc(v->diff.count, sizeof *fields.items);
    if (!fields.items)
        return error_nomem(err);
    for (size_t i = 0; i < v->diff.count; i++) {
        if (v->diff.items[i].field != FIELD_COUNT)
            fields.items[fields.count++] = v->diff.items[i];
    }
    int rc = fields.count ? mpijob_diff_verify(&fields, answer, v->target, err) : 0;
    free(fields.items);
    return rc;
}

static void written(void *data, const struct write_result *result, const struct error *err)
{
    struct verb *v = data;
    v->write = NULL;
    bool conflict = err && err->code == ERR_CONFLICT && v->verb == WRITE_PATCH && !v->wanted_version;
    if (!conflict || v->cancelled || ++v->tries >= VERB_TRIES) {
        verb_finish(v, result, !err, err);
        return;
    }
    buf_reset(&v->before); /* somebody else was quicker: looked at anew */
    deadline_set(&v->pause, (uint64_t)rand() % ((uint64_t)20 << v->tries));
}

/* The journal keeps the whole object of what is made or removed. */
static int journal_diff(struct verb *v, struct buf *out)
{
    struct error err;
    if (v->verb == WRITE_PATCH) {
        mpijob_diff_json(&v->diff, out);
    } else {
        struct json_writer w;
        json_writer_init(&w, out);
        json_write_array(&w);
        json_write_object(&w);
        json_write_key(&w, "path");
        json_write_string(&w, "");
        json_write_key(&w, "before");
        if (v->verb == WRITE_DELETE)
            json_write_raw(&w, (struct json){buf_str(&v->before)});
        else
            json_write_null(&w);
        json_write_key(&w, "after");
        if (v->verb == WRITE_DELETE)
            json_write_null(&w);
        else
            json_write_raw(&w, (struct json){buf_str(&v->after)});
        json_write_end(&w);
        json_write_end(&w);
    }
    return buf_result(out, "the difference", &err);
}

void verb_send(struct verb *v)
{
    struct error err;
    struct buf diff = BUF_INIT;
    if (journal_diff(v, &diff)) {
        buf_free(&diff);
        error_nomem(&err);
        verb_fail(v, &err);
        return;
    }
    struct write_call call = {
        .verb = v->verb,
        .resource = v->resource,
        .name_space = v->name_space,
        .name = v->name,
        .body = buf_str(&v->sent),
        .content_type = v->verb == WRITE_PATCH
                            ? v->json_patch ? "application/json-patch+json" : "application/merge-patch+json"
                            : NULL,
        .strict = v->ours && v->target.controller != CONTROLLER_CCI,
        .uid = v->uid,
        .resource_version = v->resource_version,
        .diff = buf_str(&diff),
        .effect = mpijob_effect_name(v->verdict.effect),
        .why = v->verdict.why,
        .run = v->run,
        .policy = v->policy,
        .check = check_kept,
        .done = written,
        .data = v,
    };
    int rc = write_start(v->site, &call, &v->write, &err);
    buf_free(&diff);
    if (rc)
        verb_fail(v, &err);
}
