/* SPDX-License-Identifier: Apache-2.0 */
/* An undo, for people and for programs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/undo/undo.h"

static bool as_json(const struct undo *u)
{
    return u->s.options.output == OUTPUT_JSON;
}

const char *undo_key(const struct undo_object *o, char out[640])
{
    const struct mpijob_kind *kind;
    bool mpijob = undo_job_kind(o, &kind) && kind == KIND_MPIJOB;
    snprintf(out, 640, "%.*s%s%s%s%s", mpijob ? 0 : (int)strcspn(o->resource, "."), o->resource, mpijob ? "" : " ",
             o->name_space, *o->name_space ? "/" : "", o->name);
    return out;
}

static const char *or_unset(const char *raw)
{
    return raw ? raw : "unset";
}

static void print_left(const struct undo_object *o, const char *key)
{
    if (o->whole_left)
        printf("left: %s: %s\n", key, o->whole_left);
    for (size_t i = 0; i < o->left.count; i++) {
        const struct mpijob_difference *d = &o->left.items[i];
        if (o->left.secret) {
            printf("left: %s %s: what is in a Secret is not kept in the journal\n", key, d->pointer);
            continue;
        }
        printf("left: %s %s: it is %s now, and the run had written %s\n", key, d->pointer, or_unset(d->after),
               or_unset(d->before));
    }
}

/* Did it do something that a value does not bring back? */
static bool is_past(const struct undo_row *row)
{
    bool acted = strcmp(row->effect, "effective") == 0 || strcmp(row->effect, "destructive") == 0;
    return acted && strcmp(row->observed, "not-seen") != 0 && *row->why;
}

/* The sentence that tells what the object's changes did, where that does not come back; NULL: it all does. */
static const char *past_of(const struct undo_object *o)
{
    for (size_t i = 0; i < o->row_count && !o->trouble && o->action != UNDO_NOTHING; i++) {
        if (is_past(&o->rows[i]))
            return o->rows[i].why;
    }
    return NULL;
}

/* Each sentence once, with the first object and how many others there are. */
static void print_past(const struct undo *u, size_t first)
{
    char key[640];
    size_t others = 0;
    const char *why = past_of(&u->objects[first]);
    for (size_t i = 0; why && i < u->count; i++) {
        const char *other = past_of(&u->objects[i]);
        bool same = i != first && other && strcmp(other, why) == 0;
        if (same && i < first)
            return;
        others += same;
    }
    if (!why)
        return;
    printf("does not come back: what the run did to %s", undo_key(&u->objects[first], key));
    if (others)
        printf(" and %zu other%s", others, others == 1 ? "" : "s");
    printf(" (%s)\n", why);
}

void undo_print_beforehand(const struct undo *u)
{
    char key[640];
    if (as_json(u))
        return;
    for (size_t i = 0; i < u->count; i++)
        print_past(u, i);
    for (size_t i = 0; i < u->count; i++)
        print_left(&u->objects[i], undo_key(&u->objects[i], key));
    fflush(stdout); /* before anything is changed */
}

/* ---- one object ---- */

static void json_text(struct json_writer *w, const char *key, const char *text)
{
    json_write_key(w, key);
    json_write_string(w, text);
}

static void json_diff(struct json_writer *w, const char *key, const struct mpijob_diff *diff)
{
    struct buf out = BUF_INIT;
    struct json root;
    mpijob_diff_json(diff, &out);
    json_write_key(w, key);
    if (out.len && json_parse(buf_str(&out), "", &root, NULL) == 0)
        json_write_raw(w, root);
    else
        json_write_null(w);
    buf_free(&out);
}

static void object_json(struct undo_object *o, const char *outcome, const struct change_result *result,
                        const struct error *err)
{
    struct json_writer *w = &o->undo->w;
    char key[640];
    json_write_object(w);
    json_text(w, "object", undo_key(o, key));
    json_text(w, "outcome", outcome);
    if (result && !err) {
        json_text(w, "effect", mpijob_effect_name(result->effect));
        json_text(w, "why", result->why);
        json_diff(w, "diff", result->diff);
    }
    if (err) {
        json_text(w, "reason", err->reason);
        json_text(w, "error", err->message);
    }
    if (o->whole_left)
        json_text(w, "left_because", o->whole_left);
    json_diff(w, "left", &o->left);
    json_write_key(w, "does_not_come_back");
    json_write_array(w);
    for (size_t i = 0; i < o->row_count; i++) {
        if (is_past(&o->rows[i]))
            json_write_string(w, o->rows[i].why);
    }
    json_write_end(w);
    json_write_end(w);
}

static const char *done_word(const struct undo_object *o)
{
    static const char *const made[] = {"", "put back", "created again", "deleted again"};
    static const char *const would[] = {"", "would be put back", "would be created again", "would be deleted again"};
    return (o->undo->s.options.dry_run ? would : made)[o->action];
}

void undo_print_done(struct undo_object *o, const struct change_result *result, const struct error *err)
{
    struct undo *u = o->undo;
    char key[640];
    undo_key(o, key);
    if (as_json(u)) {
        object_json(o, err ? "failed" : !result->changed ? "unchanged" : "back", result, err);
        return;
    }
    if (err) {
        struct error told = *err;
        error_prefix(&told, "%s", key);
        session_fail(&u->s, &told);
        return;
    }
    struct buf diff = BUF_INIT;
    mpijob_diff_write(result->diff, u->colour, &diff);
    if (result->changed)
        printf("%s %s\n%s  %s: %s\n", key, done_word(o), diff.ptr ? diff.ptr : "", mpijob_effect_name(result->effect),
               result->why);
    else
        printf("%s unchanged: %s\n", key, result->why);
    buf_free(&diff);
}

void undo_print_nothing(struct undo_object *o)
{
    char key[640];
    if (as_json(o->undo))
        object_json(o, o->whole_left || o->left.count ? "left" : "unchanged", NULL, NULL);
    else if (!o->whole_left && !o->left.count)
        printf("%s is as it was before the run\n", undo_key(o, key));
}

/* ---- the end ---- */

void undo_print_unknown(const struct undo *u)
{
    if (u->skipped)
        printf("%zu change%s of the run %s left alone: it is not known whether %s made (mpijobd journal %" PRId64 ")\n",
               u->skipped, u->skipped == 1 ? "" : "s", u->skipped == 1 ? "is" : "are",
               u->skipped == 1 ? "it was" : "they were", u->number);
}

void undo_print_end(struct undo *u)
{
    bool policy = strcmp(u->policy, STORE_BY_HAND) != 0;
    if (as_json(u)) {
        json_write_end(&u->w);
        json_write_key(&u->w, "back");
        json_write_int(&u->w, u->back);
        json_write_key(&u->w, "unchanged");
        json_write_int(&u->w, u->unchanged);
        json_write_key(&u->w, "left");
        json_write_int(&u->w, u->left);
        json_write_key(&u->w, "failed");
        json_write_int(&u->w, u->failed);
        json_write_key(&u->w, "not_known");
        json_write_int(&u->w, (int64_t)u->skipped);
        json_write_end(&u->w);
        puts(u->json.ptr ? u->json.ptr : "{}");
        return;
    }
    printf("%" PRId64 " %s, %" PRId64 " as before the run, %" PRId64 " left in whole or in part, %" PRId64 " failed\n",
           u->back, u->s.options.dry_run ? "would be put back" : "put back", u->unchanged, u->left, u->failed);
    undo_print_unknown(u);
    if (u->own)
        printf("this is run %" PRId64 "; mpijobd undo %" PRId64 " takes it back\n", u->own, u->own);
    if (policy && u->back && !u->s.options.dry_run)
        fprintf(stderr, "the policy %s may change them again when it runs next; mpijobd pause %s holds it\n", u->policy,
                u->policy);
}
