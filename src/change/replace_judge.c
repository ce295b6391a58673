/* What would be written, and whether it may be: the changes applied to the object, and the verdict on them. */
#include "change/replace_parts.h"
#include "mpijob/inspect/harm.h"

void replacing_note_version(struct replace *r, struct json object)
{
    json_string_at(object, "/metadata/resourceVersion", r->version_text, sizeof r->version_text);
}

/* Judged and wanted: written unless the run is dry or at its limit. */
static void go_on(struct replace *r)
{
    struct error err;
    if (r->gate && r->gate(r->data, r->viewed ? &r->view : NULL, &r->diff, &err)) {
        error_prefix(&err, "not written");
        replacing_finish(r, NULL, &err);
    } else if (r->dry_run && !r->server_dry_run) {
        replacing_finish(r, NULL, NULL);
    } else if (r->whole.len || r->diff.count) {
        replacing_write(r);
    } else {
        replacing_write_launcher(r); /* the MPIJob has the value already */
    }
}

void replacing_decide(struct replace *r)
{
    int64_t now = r->judged_at = clock_now(r->site->clock);
    if (r->diff.count == 0 && r->launcher.plan.diff.count == 0) {
        r->verdict.effect = EFFECT_UNCHANGED;
        snprintf(r->verdict.why, sizeof r->verdict.why, "it is so already%s; nothing was sent",
                 r->launcher.asked && !r->launcher.missing ? ", the launcher too" : "");
        replacing_finish(r, NULL, NULL);
        return;
    }
    struct error err;
    if (r->launcher.asked)
        mpijob_judge_through(&r->view, &r->diff, r->launcher.missing ? NULL : &r->launcher.plan, now, &r->verdict);
    else
        mpijob_judge(&r->view, &r->diff, now, &r->verdict);
    if (r->verdict.may_destroy && !r->destructive) {
        bool sure = r->verdict.effect == EFFECT_DESTRUCTIVE;
        error_set(&err, ERR_REFUSED,
                  "refused, because it %s destructive: %s. To do it all the same, allow it by name: destructive = true "
                  "(--destructive)%s",
                  sure ? "is" : "may be", r->verdict.why,
                  sure ? "" : "; to have it judged for your controller, set cluster.controller (--controller)");
        replacing_finish(r, NULL, &err);
    } else {
        go_on(r);
    }
}

/* A whole object is compared with what is there, too: only so can be told what it would do. */
bool replacing_at_hand(const struct replace *r)
{
    return r->len != 0;
}

static int judge_whole(struct replace *r, struct json root, struct error *err)
{
    struct mpijob_target target = r->target;
    struct json there;
    struct mpijob_view after;
    int rc = json_parse(str_n(r->bytes, r->len), r->name, &there, err);
    if (!rc)
        rc = mpijob_view(there, target, &r->view, err);
    r->viewed = !rc;
    if (!rc && *r->version_text && !str_is(r->view.resource_version, r->version_text)) {
        rc = error_set(err, ERR_CONFLICT,
                       "it has changed since: the object given is of resourceVersion %s, it is %.*s now",
                       r->version_text, (int)r->view.resource_version.len, r->view.resource_version.ptr);
        err->status = 409; /* as the server would answer */
    }
    if (!rc)
        rc = mpijob_whole_check(there, root, target, err);
    after = r->view; /* the same job; what is written otherwise in it (kubeflow.org\/v1) is read all the same */
    after.object = root;
    if (!rc)
        rc = mpijob_harm_check(NULL, &after, err);
    mpijob_diff_free(&r->diff);
    return rc ? rc : mpijob_objects_diff(there, root, &r->diff, err);
}

void replacing_use(struct replace *r, struct mpijob_target target)
{
    r->target = target;
    r->resource = *cluster_resource(r->site->cluster, r->kind);
    r->resource.version = mpijob_version_name(target.version);
}

static void consider_whole(struct replace *r)
{
    struct error err;
    struct json root;
    int rc = json_parse(buf_str(&r->whole), "the object", &root, &err);
    if (!rc) {
        replacing_use(r, cluster_target_of(r->site->cluster, r->kind, root));
        replacing_note_version(r, root);
        if (r->wanted_version && strcmp(r->wanted_version, r->version_text) != 0)
            rc = error_set(&err, ERR_CONFLICT, "resourceVersion %s was asked for, and the object says \"%s\"",
                           r->wanted_version, r->version_text);
    }
    if (!rc)
        rc = judge_whole(r, root, &err);
    if (rc)
        replacing_finish(r, NULL, &err);
    else
        replacing_decide(r);
}

/* The object is at hand: what would change in it? */
void replacing_consider(struct replace *r)
{
    struct error err;
    if (r->whole.len) {
        consider_whole(r);
        return;
    }
    struct json root;
    int rc = json_parse(str_n(r->bytes, r->len), r->name, &root, &err);
    if (!rc) {
        replacing_use(r, cluster_target_of(r->site->cluster, r->kind, root));
        if (r->target.version != cluster_target(r->site->cluster, r->kind).version) {
            replacing_fetch(r, false); /* read before another version came into use */
            return;
        }
        rc = mpijob_view(root, r->target, &r->view, &err);
    }
    r->viewed = !rc;
    if (!rc) {
        char earlier[sizeof r->version_text];
        memcpy(earlier, r->version_text, sizeof earlier);
        replacing_note_version(r, root);
        if (r->wanted_version && strcmp(r->wanted_version, r->version_text) != 0)
            rc = error_set(&err, ERR_CONFLICT, "it has changed since: resourceVersion %s was asked for, it is %s now",
                           r->wanted_version, r->version_text);
        else if (r->computed && r->tries && strcmp(earlier, r->version_text) != 0)
            rc = error_set(&err, ERR_CONFLICT, "it was changed by somebody else meanwhile");
    }
    if (!rc) {
        mpijob_diff_free(&r->diff);
        buf_reset(&r->edited);
        rc = mpijob_changes_apply(&r->changes, &r->view, &r->edited, &r->diff, &err);
    }
    r->launcher.asked = r->launcher.missing = false;
    mpijob_launcher_plan_free(&r->launcher.plan);
    if (rc)
        replacing_finish(r, NULL, &err);
    else if (replacing_wants_launcher(r))
        replacing_fetch_launcher(r);
    else
        replacing_decide(r);
}
