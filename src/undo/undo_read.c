/* SPDX-License-Identifier: Apache-2.0 */
/* The journal's rows of the run, sorted by object. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grown.h"
#include "base/texts.h"
#include "undo/undo.h"

static char *copy(struct undo *u, const char *text)
{
    char *own = str_dup(str_of(text ? text : ""));
    u->nomem = u->nomem || !own;
    return own;
}

#define TAKES_BACK "takes back run " /* in the message of each run that is an undo */
#define UNDONE_MOST 16               /* undoes of undoes that are followed */

/* Of an approved undo the message has the policy behind the number: another replica may have begun it, whose runs this
 * journal does not have, or has others of these numbers. */
static void read_named(struct undo *u, const char *rest)
{
    const char *end = strchr(rest, ')');
    u->untraced = strncmp(rest, STORE_TAKES_BACK_OF, strlen(STORE_TAKES_BACK_OF)) != 0 || !end;
    rest += strlen(STORE_TAKES_BACK_OF);
    if (!u->untraced)
        snprintf(u->origin, sizeof u->origin, "%.*s", (int)(end - rest), rest);
}

/* Whose changes did this run make? Where its row does not tell (it died before its end, say), that is not known. */
static void trace(struct undo *u, const struct store_run *run)
{
    const char *trigger = or_empty(run->trigger), *at = strstr(or_empty(run->message), TAKES_BACK);
    bool approved = strncmp(trigger, "approved", strlen("approved")) == 0,
         by_hand = strcmp(or_empty(run->policy), STORE_BY_HAND) == 0;
    snprintf(u->origin, sizeof u->origin, "%s", or_empty(run->policy));
    u->untraced = by_hand && (approved || strncmp(trigger, "undo", strlen("undo")) == 0);
    u->took_back = 0;
    if (!u->untraced || !at)
        return;
    char *rest;
    int64_t number = strtoll(at + strlen(TAKES_BACK), &rest, 10);
    if (approved)
        read_named(u, rest);
    else
        u->took_back = number;
}

static bool run_found(void *data, const struct store_run *run)
{
    struct undo *u = data;
    if (!u->found) {
        u->ended = run->outcome != NULL;
        snprintf(u->policy, sizeof u->policy, "%s", or_empty(run->policy));
        snprintf(u->cluster, sizeof u->cluster, "%s", or_empty(run->cluster));
    }
    u->found = true;
    trace(u, run);
    return false;
}

/* An undo that is undone makes the changes of a policy once more: what that asks for holds for it. A run on the way
 * that is not in this journal leaves it untraced. */
static int find_origin(struct undo *u, struct journal *journal, struct error *err)
{
    int rc = 0;
    for (int i = 0; i < UNDONE_MOST && !rc && u->took_back > 0; i++) {
        const struct store_filter filter = {.run = u->took_back};
        u->took_back = 0;
        rc = journal_read_runs(journal, &filter, false, run_found, u, err);
    }
    return rc;
}

static struct undo_object *object_of(struct undo *u, const struct store_change *c)
{
    const char *resource = c->resource ? c->resource : STORE_RESOURCE_DEFAULT;
    for (size_t i = u->count; i > 0; i--) {
        struct undo_object *o = &u->objects[i - 1];
        if (strcmp(o->name, or_empty(c->name)) == 0 && strcmp(o->name_space, or_empty(c->name_space)) == 0 &&
            strcmp(o->resource, resource) == 0)
            return o;
    }
    struct undo_object *items = grown(u->objects, u->count, &u->cap, sizeof *items, 64);
    if (!items)
        return NULL;
    u->objects = items;
    struct undo_object *o = &u->objects[u->count];
    *o = (struct undo_object){.resource = copy(u, resource),
                              .version = copy(u, c->version),
                              .server = copy(u, c->server),
                              .name_space = copy(u, c->name_space),
                              .name = copy(u, c->name)};
    u->count++;
    return u->nomem ? NULL : o;
}

/* A "create" or "delete" is kept as one difference with an empty path. */
static void read_diff(struct undo *u, struct undo_row *row, const char *text)
{
    struct json root;
    struct error err;
    if (!text || json_parse(str_of(text), "the journal's difference", &root, NULL) != 0)
        return;
    bool whole = strcmp(row->verb, "create") == 0 || strcmp(row->verb, "delete") == 0;
    if (!whole) {
        u->nomem = u->nomem || mpijob_diff_read(&row->diff, root, &err) == ERR_NOMEM;
        return;
    }
    struct json object = json_at(root, strcmp(row->verb, "create") == 0 ? "/0/after" : "/0/before");
    if (json_type(object) == JSON_OBJECT && !(row->whole = str_dup(object.text)))
        u->nomem = true;
}

static bool is_made(const char *outcome)
{
    return outcome && (strcmp(outcome, "done") == 0 || strcmp(outcome, "done-unseen") == 0);
}

/* Which job a Workload is of is seen when it is looked at. */
static bool may_be_of_job(const struct undo *u, const struct store_change *c)
{
    return u->job_name && strcmp(u->job_name, or_empty(c->name)) != 0 && undo_is_workload(or_empty(c->resource));
}

static bool is_of_job(const struct undo *u, const struct store_change *c)
{
    return (!u->job_name || strcmp(u->job_name, or_empty(c->name)) == 0 || may_be_of_job(u, c)) &&
           (!u->job_namespace || strcmp(u->job_namespace, or_empty(c->name_space)) == 0);
}

static bool change_found(void *data, const struct store_change *c)
{
    struct undo *u = data;
    bool known = c->outcome && strcmp(c->outcome, "lost") != 0;
    if (!is_of_job(u, c))
        return true;
    u->skipped += !known && !may_be_of_job(u, c);
    if (!is_made(c->outcome))
        return true;
    struct undo_object *o = object_of(u, c);
    struct undo_row *rows = o ? realloc(o->rows, (o->row_count + 1) * sizeof *rows) : NULL;
    if (!rows) {
        u->nomem = true;
        return false;
    }
    o->rows = rows;
    o->maybe = may_be_of_job(u, c);
    struct undo_row *row = &rows[o->row_count++];
    *row = (struct undo_row){.id = c->id,
                             .verb = copy(u, c->verb),
                             .uid = copy(u, c->uid),
                             .version_after = copy(u, c->resource_version_after),
                             .effect = copy(u, c->effect),
                             .why = copy(u, c->why),
                             .outcome = copy(u, c->outcome),
                             .observed = copy(u, c->observed)};
    if (!u->nomem)
        read_diff(u, row, c->diff);
    return !u->nomem;
}

/* Why a run is not taken back that goes on. */
static int goes_on(const struct undo *u, struct error *err)
{
    if (strcmp(u->policy, STORE_BY_HAND) == 0)
        return error_set(err, ERR_INVALID,
                         "run %lld has not ended yet: the command goes on that has begun it, or it has died; then the "
                         "daemon's next start ends the run",
                         (long long)u->number);
    return error_set(err, ERR_INVALID,
                     "run %lld has not ended yet; mpijobd pause %s stops its policy from going on afterwards",
                     (long long)u->number, u->policy);
}

int undo_read(struct undo *u, struct journal *journal, struct error *err)
{
    const struct store_filter filter = {.run = u->number};
    int rc = journal_read_runs(journal, &filter, false, run_found, u, err);
    if (!rc && u->found)
        rc = find_origin(u, journal, err);
    if (!rc && u->found)
        rc = journal_read_changes(journal, &filter, change_found, u, err);
    if (!rc && !u->found)
        rc = error_set(err, ERR_NOT_FOUND,
                       "there is no run %lld; mpijobd runs lists those that there are" STORE_OTHER_JOURNALS,
                       (long long)u->number);
    else if (!rc && u->nomem)
        rc = error_nomem(err);
    else if (!rc && !u->ended)
        rc = goes_on(u, err);
    for (size_t i = 0; i < u->count; i++)
        u->objects[i].undo = u;
    return rc;
}

static void free_row(struct undo_row *row)
{
    free(row->verb);
    free(row->uid);
    free(row->version_after);
    free(row->effect);
    free(row->why);
    free(row->outcome);
    free(row->observed);
    free(row->whole);
    mpijob_diff_free(&row->diff);
}

void undo_free(struct undo *u)
{
    for (size_t i = 0; i < u->count; i++) {
        struct undo_object *o = &u->objects[i];
        for (size_t j = 0; j < o->row_count; j++)
            free_row(&o->rows[j]);
        free(o->rows);
        free(o->resource);
        free(o->version);
        free(o->server);
        free(o->name_space);
        free(o->name);
        free(o->resource_version);
        free(o->trouble);
        buf_free(&o->body);
        mpijob_diff_free(&o->left);
    }
    free(u->objects);
}

int undo_check_part(const struct undo *u, struct error *err)
{
    const char *space = u->job_namespace, *name = u->job_name;
    if (u->count || (!space && !name))
        return 0;
    return error_set(err, ERR_NOT_FOUND, "run %" PRId64 " has changed nothing of %s%s%s%s", u->number,
                     name ? "" : "namespace ", or_empty(space), space && name ? "/" : "", or_empty(name));
}
