/* SPDX-License-Identifier: Apache-2.0 */
/* An undo, for people and for programs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/undo/undoing.h"

static bool as_json(const struct undoing *u)
{
    return u->s.options.output == OUTPUT_JSON;
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

/* The sentence that tells what the object's changes did, where that does not come back; NULL: it all does. */
static const char *past_of(const struct undo_object *o)
{
    for (size_t i = 0; i < o->row_count && !o->trouble && o->action != UNDO_NOTHING; i++) {
        const char *past = undo_past(&o->rows[i]);
        if (past)
            return past;
    }
    return NULL;
}

/* Each sentence once, with the first object and how many others there are. */
static void print_past(const struct undoing *undoing, size_t first)
{
    const struct undo *u = &undoing->undo;
    char key[UNDO_KEY];
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

void undo_print_beforehand(const struct undoing *u)
{
    char key[UNDO_KEY];
    if (as_json(u))
        return;
    for (size_t i = 0; i < u->undo.count; i++)
        print_past(u, i);
    for (size_t i = 0; i < u->undo.count; i++)
        print_left(&u->undo.objects[i], undo_key(&u->undo.objects[i], key));
    fflush(stdout); /* before anything is changed */
}

/* ---- one object ---- */

static const char *done_word(const struct undoing *u, const struct undo_object *o)
{
    static const char *const made[] = {"", "put back", "created again", "deleted again", "put back"};
    static const char *const would[] = {"", "would be put back", "would be created again", "would be deleted again",
                                        "would be put back"};
    return (u->s.options.dry_run ? would : made)[o->action];
}

/* What was left beforehand is told already; what was found since, after a conflict or in the second turn, is not. */
static void print_nothing(const struct undo_object *o, const char *key)
{
    if (!o->whole_left && !o->left.count)
        printf("%s is as it was before the run\n", key);
    else if (o->tries || o->barred || o->undo->second)
        print_left(o, key);
}

void undo_print_one(struct undoing *u, const struct undo_object *o, const struct change_result *result,
                    const struct error *err)
{
    char key[UNDO_KEY];
    if (as_json(u)) {
        undo_json(o, result, err, &u->w);
        return;
    }
    undo_key(o, key);
    if (!result && !err) {
        print_nothing(o, key);
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
        printf("%s %s\n%s  %s: %s\n", key, done_word(u, o), diff.ptr ? diff.ptr : "",
               mpijob_effect_name(result->effect), result->why);
    else
        printf("%s unchanged: %s\n", key, result->why);
    buf_free(&diff);
}

/* ---- the end ---- */

void undo_print_unknown(const struct undoing *undoing)
{
    const struct undo *u = &undoing->undo;
    if (u->skipped)
        printf("%zu change%s of the run %s left alone: it is not known whether %s made (mpijobd journal %" PRId64 ")\n",
               u->skipped, u->skipped == 1 ? "" : "s", u->skipped == 1 ? "is" : "are",
               u->skipped == 1 ? "it was" : "they were", u->number);
}

void undo_print_end(struct undoing *undoing)
{
    const struct undo *u = &undoing->undo;
    struct json_writer *w = &undoing->w;
    bool dry_run = undoing->s.options.dry_run;
    bool policy = strcmp(u->policy, STORE_BY_HAND) != 0;
    if (as_json(undoing)) {
        json_write_end(w);
        json_write_key(w, "back");
        json_write_int(w, u->back);
        json_write_key(w, "unchanged");
        json_write_int(w, u->unchanged);
        json_write_key(w, "left");
        json_write_int(w, u->left);
        json_write_key(w, "failed");
        json_write_int(w, u->failed);
        json_write_key(w, "not_known");
        json_write_int(w, (int64_t)u->skipped);
        json_write_end(w);
        puts(undoing->json.ptr ? undoing->json.ptr : "{}");
        return;
    }
    printf("%" PRId64 " %s, %" PRId64 " as before the run, %" PRId64 " left in whole or in part, %" PRId64 " failed\n",
           u->back, dry_run ? "would be put back" : "put back", u->unchanged, u->left, u->failed);
    undo_print_unknown(undoing);
    if (u->own && (u->back || u->half))
        printf("this is run %" PRId64 "; mpijobd undo %" PRId64 " takes it back\n", u->own, u->own);
    fflush(stdout); /* what goes to standard error comes after it */
    if (policy && u->back && !dry_run)
        fprintf(stderr, "the policy %s may change them again when it runs next; mpijobd pause %s holds it\n", u->policy,
                u->policy);
}
