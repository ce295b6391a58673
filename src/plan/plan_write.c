/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as text: one object, whose last member is the sum of all before it. */
#include <stdio.h>
#include <string.h>

#include "base/program_version.h"
#include "plan/plan_parts.h"
#include "json/member.h"
#include "json/write.h"

static const char *const verbs[] = {"fields", "patch", "replace", "create", "delete"};

const char *plan_verb_name(enum change_verb verb)
{
    return verbs[verb];
}

static void raw(struct json_writer *w, const char *key, struct str value)
{
    json_write_key(w, key);
    json_write_raw(w, (struct json){value});
}

static void write_one(struct json_writer *w, const char *key, const struct plan_write *one)
{
    char resource[2 * 256];
    struct buf diff = BUF_INIT;
    if (!one->texts)
        return;
    snprintf(resource, sizeof resource, "%s%s%s", one->plural, *one->group ? "." : "", one->group);
    mpijob_diff_json(&one->diff, &diff);
    if (diff.failed && !w->out->failed)
        w->out->failed = diff.failed;
    json_write_key(w, key);
    json_write_object(w);
    json_member_text_if(w, "verb", verbs[one->verb]);
    json_member_text_if(w, "resource", resource);
    json_member_text_if(w, "version", one->version);
    json_member_text_if(w, "kind", one->kind);
    json_member_text_if(w, "namespace", one->name_space);
    json_member_text_if(w, "name", one->name);
    json_member_text_if(w, "uid", one->uid);
    json_member_text_if(w, "resourceVersion", one->resource_version);
    json_member_text_if(w, "effect", one->effect);
    json_member_text_if(w, "why", one->why);
    json_member_bool_if(w, "judged", one->ours);
    json_member_bool_if(w, "json_patch", one->json_patch);
    json_member_bool_if(w, "splices", one->splices);
    json_member_bool_if(w, "destructive", one->destructive);
    json_member_text_if(w, "propagation", one->propagation);
    raw(w, "diff", diff.len ? buf_str(&diff) : str_of("[]"));
    if (*one->body)
        raw(w, "body", str_of(one->body));
    json_write_end(w);
    buf_free(&diff);
}

static void write_changes(struct json_writer *w, const struct plan *p)
{
    json_write_key(w, "changes");
    json_write_array(w);
    for (size_t i = 0; i < p->change_count; i++) {
        const struct plan_change *c = &p->changes[i];
        json_write_object(w);
        json_member_text_if(w, "policy", c->policy);
        json_member_text_if(w, "job", c->job);
        json_member_bool_if(w, "destructive_allowed", c->leave);
        json_member_bool_if(w, "last", c->last);
        write_one(w, "object", &c->object);
        write_one(w, c->child_called, &c->child);
        json_write_end(w);
    }
    json_write_end(w);
}

static void write_lists(struct json_writer *w, const struct plan *p)
{
    json_write_key(w, "files");
    json_write_array(w);
    for (size_t i = 0; i < p->file_count; i++) {
        json_write_object(w);
        json_member_text_if(w, "path", p->files[i].path);
        json_member_text_if(w, "sha256", p->files[i].sum);
        json_write_end(w);
    }
    json_write_end(w);
    json_write_key(w, "left_out");
    json_write_array(w);
    for (size_t i = 0; i < p->left_count; i++) {
        json_write_object(w);
        json_member_text_if(w, "policy", p->left[i].policy);
        json_member_text_if(w, "job", p->left[i].job);
        json_member_text_if(w, "why", p->left[i].why);
        json_write_end(w);
    }
    json_write_end(w);
}

int plan_write(struct plan *p, struct buf *out, struct error *err)
{
    struct json_writer w;
    char when[32];
    size_t start = out->len;
    if (p->failed)
        return error_nomem(err);
    clock_format(p->made_at, true, when);
    json_writer_init(&w, out);
    json_write_object(&w);
    json_write_key(&w, PLAN_KEY);
    json_write_int(&w, PLAN_VERSION);
    json_member_text_if(&w, "mpijobd", mpijobd_version);
    json_member_text_if(&w, "made_at", when);
    json_write_key(&w, "made_at_us");
    json_write_int(&w, p->made_at);
    json_member_text_if(&w, "by", p->by);
    json_write_key(&w, "cluster");
    json_write_object(&w);
    json_member_text_if(&w, "name", p->cluster);
    json_member_text_if(&w, "server", p->server);
    json_member_text_if(&w, "uid", p->identity);
    json_write_end(&w);
    write_lists(&w, p);
    write_changes(&w, p);
    int rc = buf_result(out, "the plan", err);
    if (!rc)
        rc = plan_sum(str_n(out->ptr + start, out->len - start), p->sum, err);
    if (rc)
        return rc;
    buf_printf(out, PLAN_SUM_BEFORE "%s" PLAN_SUM_AFTER "\n", p->sum);
    return buf_result(out, "the plan", err);
}
