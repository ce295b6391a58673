/* What a verb would make of the object, and what would come of it. */
#include <stdio.h>

#include "change/verb_parts.h"
#include "mpijob/effect/launcher.h"
#include "mpijob/inspect/harm.h"
#include "json/patch.h"

static int refuse_destructive(const struct verb *v, struct error *err)
{
    return error_set(
        err, ERR_REFUSED,
        "refused, because it %s destructive: %s. To do it all the same, allow it by name: destructive = true",
        v->verdict.effect == EFFECT_DESTRUCTIVE ? "is" : "may be", v->verdict.why);
}

/* Of one of our kinds. before: absent at a create. */
static int judge_ours(struct verb *v, struct json before, struct json after, struct error *err)
{
    struct mpijob_view old = {0}, new;
    bool create = !json_exists(before);
    int rc = create ? 0 : mpijob_view(before, v->target, &old, err);
    if (rc)
        return rc;
    if (create) { /* what is no such job is the server's to refuse; what does harm is looked for all the same */
        new = (struct mpijob_view){.object = after, .target = v->target};
        return mpijob_harm_check(NULL, &new, err);
    }
    new = old;
    new.object = after;
    rc = mpijob_whole_check(before, after, v->target, err);
    if (!rc)
        rc = mpijob_harm_check(&old, &new, err);
    if (!rc)
        mpijob_judge(&old, &v->diff, clock_now(v->site->clock), &v->verdict);
    if (!rc && v->verdict.may_destroy && !v->destructive)
        rc = refuse_destructive(v, err);
    return rc;
}

int verb_judge(struct verb *v, struct json before, struct json after, struct error *err)
{
    if (v->verb == WRITE_DELETE) {
        v->verdict.effect = v->ours ? EFFECT_DESTRUCTIVE : EFFECT_UNKNOWN;
        snprintf(v->verdict.why, sizeof v->verdict.why, "%s",
                 v->ours ? "the job is deleted, and the server removes its pods after it" : "the object is deleted");
        return 0;
    }
    v->verdict.effect = EFFECT_UNKNOWN;
    snprintf(v->verdict.why, sizeof v->verdict.why, "%s",
             v->verb == WRITE_CREATE ? "a new object; what its controller makes of it is not judged"
                                     : "what its controller makes of the change is not judged");
    if (strcmp(v->plural, "jobs") == 0 && strcmp(v->group, "batch") == 0) {
        int rc = mpijob_launcher_ttl_check(before, after, err);
        if (rc)
            return rc;
    }
    return v->ours ? judge_ours(v, before, after, err) : 0;
}

/* What the object becomes. Sets diff. */
int verb_work_out(struct verb *v, struct json before, struct json *after, struct error *err)
{
    struct json body;
    int rc = json_parse(buf_str(&v->body), v->verb == WRITE_PATCH ? "the patch" : "the object", &body, err);
    buf_reset(&v->after);
    mpijob_diff_free(&v->diff);
    if (rc)
        return rc;
    if (v->verb != WRITE_PATCH) {
        buf_add_str(&v->after, body.text);
        rc = buf_result(&v->after, "the object", err);
    } else {
        rc = v->json_patch ? json_patch(before, body, &v->after, err) : json_merge_patch(before, body, &v->after, err);
    }
    if (!rc)
        rc = json_parse(buf_str(&v->after), "the object", after, err);
    if (!rc && json_exists(before))
        rc = mpijob_objects_diff(before, *after, &v->diff, err);
    return rc;
}
