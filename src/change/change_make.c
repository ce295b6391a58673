/* SPDX-License-Identifier: Apache-2.0 */
/* What an object becomes, and the bytes to send for it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "change/change_parts.h"
#include "change/late.h"
#include "store/journal.h"
#include "store/state.h"
#include "json/patch.h"
#include "json/write.h"

/* ---- is it the version that the caller means? ---- */

static int check_wanted(const struct change *c, struct error *err)
{
    if (!c->wanted_version || strcmp(c->wanted_version, c->looked_at) == 0)
        return 0;
    return error_set_status(err, ERR_CONFLICT, 409 /* as the server would answer */,
                            "it has changed since: resourceVersion %s was asked for, it is %s now", c->wanted_version,
                            c->looked_at);
}

/* Is the whole object, or the patch, that was given made from the object that is on the server? */
static int check_given(const struct change *c, struct json object, struct error *err)
{
    char given[64];
    json_string_at(object, "/metadata/resourceVersion", given, sizeof given);
    if (!*given)
        return check_wanted(c, err);
    if (c->wanted_version && strcmp(c->wanted_version, given) != 0)
        return error_set(err, ERR_CONFLICT, "resourceVersion %s was asked for, and the object says \"%s\"",
                         c->wanted_version, given);
    if (strcmp(given, c->looked_at) == 0)
        return 0;
    return error_set_status(err, ERR_CONFLICT, 409,
                            "it has changed since: the %s given is of resourceVersion %s, it is %s now",
                            c->verb == CHANGE_PATCH ? "patch" : "object", given, c->looked_at);
}

/* ---- what it becomes ---- */

static int look_at(struct change *c, struct json before, struct error *err)
{
    char earlier[sizeof c->looked_at];
    memcpy(earlier, c->looked_at, sizeof earlier);
    json_string_at(before, "/metadata/uid", c->uid, sizeof c->uid);
    json_string_at(before, "/metadata/resourceVersion", c->looked_at, sizeof c->looked_at);
    memcpy(c->version_now, c->looked_at, sizeof c->version_now);
    int rc = c->ours ? mpijob_view(before, c->target, &c->view, err) : 0;
    c->viewed = c->ours && !rc;
    if (c->viewed && !shard_has(&c->site->shard, c->view.name_space, c->view.uid))
        return error_set(
            err, ERR_REFUSED,
            "the job is of shard %u, and this run of shard %u: only the daemon that owns its shard changes it",
            shard_of(c->view.name_space, c->view.uid, c->site->shard.of), c->site->shard.index);
    if (!rc && c->verb != CHANGE_REPLACE)
        rc = check_wanted(c, err);
    if (!rc && c->computed && *earlier && strcmp(earlier, c->looked_at) != 0) {
        c->again = true;
        rc = error_set(err, ERR_CONFLICT, "it was changed by another writer meanwhile");
    }
    return rc;
}

bool change_is_secret(const struct change *c)
{
    return kube_is_secret(&c->resource);
}

/* In lists of Kubernetes' own kinds the objects have neither kind nor apiVersion; one that is written names them. */
static int name_kind(struct change *c, struct json *before, struct error *err)
{
    char version[300];
    const char *group = mpijob_kind_info(c->target.kind)->group;
    struct json_edits edits = {0};
    struct buf whole = BUF_INIT;
    snprintf(version, sizeof version, "%s%s%s", group, *group ? "/" : "", mpijob_target_version(c->target));
    json_edit_set_string(&edits, "/apiVersion", str_of(version));
    json_edit_set_string(&edits, "/kind", str_of(mpijob_kind_info(c->target.kind)->name));
    int rc = json_edit_apply(&edits, *before, &whole, err);
    json_edits_free(&edits);
    if (!rc) {
        free(c->before);
        c->before_len = whole.len;
        c->before = buf_take(&whole, NULL);
        rc = c->before ? 0 : error_nomem(err);
    }
    buf_free(&whole);
    return rc ? rc : json_parse(str_n(c->before, c->before_len), c->name, before, err);
}

/* What is changed in the child instead is not in the job. */
static int apply(struct change *c, struct error *err)
{
    struct mpijob_changes own = {0};
    bool instead = change_goes_instead(c);
    int rc = instead ? mpijob_changes_without(&c->changes, mpijob_child_of(c->target)->fields, &own, err) : 0;
    if (!rc)
        rc = mpijob_changes_apply(instead ? &own : &c->changes, &c->view, &c->after, &c->diff, err);
    mpijob_changes_free(&own);
    return rc;
}

/* Sets *after, which points into the bytes of c->after; absent for DELETE, and for FIELDS of
 * a kind whose row does not tell its fields. */
static int make(struct change *c, struct json before, struct json *after, struct error *err)
{
    struct json body = {0};
    int rc = 0;
    buf_reset(&c->after);
    mpijob_diff_free(&c->diff);
    if (c->verb == CHANGE_FIELDS) {
        rc = apply(c, err);
        c->diff.secret = change_is_secret(c);
        if (rc || !c->diff.count || !mpijob_kind_described(c->target.kind))
            return rc;
        return json_parse(buf_str(&c->after), "the object", after, err);
    }
    if (c->verb == CHANGE_DELETE)
        return 0;
    rc = json_parse(buf_str(&c->body), c->verb == CHANGE_PATCH ? "the patch" : "the object", &body, err);
    if (!rc && c->verb == CHANGE_PATCH)
        rc = c->json_patch ? json_patch(before, body, &c->after, err) : json_merge_patch(before, body, &c->after, err);
    else if (!rc)
        buf_add_str(&c->after, body.text);
    if (!rc)
        rc = buf_result(&c->after, "the object", err);
    if (!rc)
        rc = json_parse(buf_str(&c->after), "the object", after, err);
    if (!rc && c->verb == CHANGE_PATCH && json_type(json_get(*after, "metadata")) != JSON_OBJECT)
        rc = error_set(err, ERR_INVALID,
                       "the patch takes away metadata as a whole, which no object can be without; name "
                       "what is to go, as in {\"metadata\": {\"labels\": null}}");
    if (!rc && c->verb != CHANGE_CREATE) /* a patch may name the version that it was made for, too */
        rc = check_given(c, *after, err);
    if (!rc && json_exists(before))
        rc = mpijob_objects_diff(before, *after, &c->diff, err);
    c->diff.secret = change_is_secret(c);
    return rc;
}

/* True: an earlier write of the policy, which was looked up as not done, has come after all; the change ends so. */
static bool came_late(struct change *c, struct json before)
{
    int64_t row;
    char number[24], run[24], job[520];
    if (!late_came(c->site->late, c->handled_key, c->uid, before, &row))
        return false;
    struct store_outcome end = {.id = row,
                                .outcome = "done-unseen",
                                .message = "the server made it later, after it was looked up as not done",
                                .resource_version_after = c->looked_at,
                                .ended_at = clock_now(c->site->clock)};
    if (row)
        state_outcome(c->site->state, &end, NULL, NULL, NULL);
    snprintf(number, sizeof number, "%" PRId64, row);
    snprintf(run, sizeof run, "%" PRId64, c->run);
    snprintf(job, sizeof job, "%s/%s", c->name_space, c->name);
    log_event(c->site->log, LOG_WARN, "a change that was looked up as not made was made later; it is not made again",
              LOG_FIELDS({"policy", c->policy}, SITE_LOG_CLUSTER(c->site), {"job", job},
                         LOG_JSON_FIELD("change", row ? number : NULL), LOG_JSON_FIELD("run", c->run ? run : NULL)));
    c->verdict = (struct mpijob_verdict){
        .effect = EFFECT_UNCHANGED, .why = "an earlier request of the policy has made the change; nothing was sent"};
    mpijob_diff_free(&c->diff);
    change_finish(c, false, NULL);
    return true;
}

static void consider(struct change *c)
{
    struct error err;
    struct json before = {0}, after = {0}, whole;
    int rc = c->before ? json_parse(str_n(c->before, c->before_len), c->name, &before, &err) : 0;
    if (!rc && c->ours && c->verb == CHANGE_REPLACE) {
        rc = json_parse(buf_str(&c->body), "the object", &whole, &err);
        if (!rc)
            change_use(c, cluster_target_of(c->site->cluster, c->target.kind, whole));
    }
    if (!rc && c->verb == CHANGE_FIELDS) {
        change_use(c, cluster_target_of(c->site->cluster, c->target.kind, before));
        if (c->target.version != cluster_target(c->site->cluster, c->target.kind).version) {
            change_read(c); /* it was read before another version came into use */
            return;
        }
        if (mpijob_kind_described(c->target.kind) && json_exists(before) && !json_exists(json_get(before, "kind")))
            rc = name_kind(c, &before, &err);
    }
    if (!rc && c->ours && (c->verb == CHANGE_PATCH || c->verb == CHANGE_DELETE) && !c->was_read &&
        cluster_target_of(c->site->cluster, c->target.kind, before).version != c->target.version) {
        change_read(c); /* the caller has it in another version than the one to write through */
        return;
    }
    if (!rc && c->before)
        rc = look_at(c, before, &err);
    if (!rc && c->before && !c->dry_run && came_late(c, before))
        return;
    if (!rc)
        rc = make(c, before, &after, &err);
    c->child.asked = c->child.missing = false;
    mpijob_child_plan_free(&c->child.plan);
    c->child.job_before = before;
    c->child.job_after = after;
    if (rc)
        change_fail(c, &err);
    else if (change_wants_child(c))
        change_read_child(c);
    else
        change_judge(c, before, after);
}

/* Here the texts are worked on that a policy has given, also after an answer of the server, when no policy runs. */
void change_consider(struct change *c)
{
    const struct guard_who *before = guard_enter(c->who ? c->who : guard_now());
    consider(c);
    guard_enter(before);
}

/* ---- the bytes to send ---- */

/* A patch that sets the resourceVersion which was read:
 * the server answers 409 where the object has another one by now. */
static int bind_patch(struct change *c, struct json patch, struct buf *out, struct error *err)
{
    struct json_edits edits = {0};
    struct buf step = BUF_INIT;
    int rc = 0;
    if (c->json_patch) {
        struct json_writer w;
        json_writer_init(&w, &step);
        json_write_object(&w);
        json_write_key(&w, "op");
        json_write_string(&w, "replace");
        json_write_key(&w, "path");
        json_write_string(&w, "/metadata/resourceVersion");
        json_write_key(&w, "value");
        json_write_string(&w, c->looked_at);
        json_write_end(&w);
        rc = buf_result(&step, "the patch", err);
        if (!rc)
            json_edit_set(&edits, "/-", buf_str(&step));
    } else {
        json_edit_set_string(&edits, "/metadata/resourceVersion", str_of(c->looked_at));
    }
    buf_free(&step);
    if (!rc)
        rc = json_edit_apply(&edits, patch, out, err);
    json_edits_free(&edits);
    return rc;
}

static int delete_options(const struct change *c, struct buf *out, struct error *err)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_write_object(&w);
    json_write_key(&w, "apiVersion");
    json_write_string(&w, "v1");
    json_write_key(&w, "kind");
    json_write_string(&w, "DeleteOptions");
    json_write_key(&w, "preconditions");
    json_write_object(&w);
    json_write_key(&w, "uid");
    json_write_string(&w, c->uid);
    if (c->wanted_version) {
        json_write_key(&w, "resourceVersion");
        json_write_string(&w, c->wanted_version);
    }
    json_write_end(&w);
    if (c->propagation) {
        json_write_key(&w, "propagationPolicy");
        json_write_string(&w, c->propagation);
    }
    json_write_end(&w);
    return buf_result(out, "the options of a deletion", err);
}

int change_body(struct change *c, struct buf *out, struct error *err)
{
    struct json patch;
    int rc;
    switch (c->verb) {
    case CHANGE_DELETE:
        return delete_options(c, out, err);
    case CHANGE_PATCH:
        if (c->splices)
            break;
        rc = json_parse(buf_str(&c->body), "the patch", &patch, err);
        return rc ? rc : bind_patch(c, patch, out, err);
    case CHANGE_FIELDS:
    case CHANGE_REPLACE:
    case CHANGE_CREATE:
        break;
    }
    buf_add_str(out, buf_str(&c->after));
    return buf_result(out, "the object", err);
}

/* ---- what the journal keeps ---- */

/* A new or deleted object is kept whole: as one difference with an empty path. Of a Secret nothing is kept. */
int change_journal_diff(struct change *c, struct buf *out, struct error *err)
{
    bool made = c->verb == CHANGE_CREATE, removed = c->verb == CHANGE_DELETE;
    if (made || removed) {
        struct json_writer w;
        json_writer_init(&w, out);
        json_write_array(&w);
        json_write_object(&w);
        json_write_key(&w, "path");
        json_write_string(&w, "");
        json_write_key(&w, "before");
        if (removed && !change_is_secret(c))
            json_write_raw(&w, (struct json){str_n(c->before, c->before_len)});
        else
            json_write_null(&w);
        json_write_key(&w, "after");
        if (made && !change_is_secret(c))
            json_write_raw(&w, (struct json){buf_str(&c->after)});
        else
            json_write_null(&w);
        json_write_end(&w);
        json_write_end(&w);
    } else {
        mpijob_diff_json(&c->diff, out);
    }
    return buf_result(out, "the difference", err);
}
