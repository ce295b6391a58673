/* SPDX-License-Identifier: Apache-2.0 */
/* Of two writes that are one change the first was made, which removes a value: what is left to do is in the row. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change/write.h"
#include "kube/verbs.h"
#include "mpijob/change/job_changes.h"
#include "mpijob/field.h"
#include "json/edit.h"

/* Did the change replace the value that the first write removes? */
static bool replaces(const struct mpijob_diff *diff, const char *removed)
{
    for (size_t i = 0; i < diff->count; i++) {
        const struct mpijob_difference *d = &diff->items[i];
        if (d->before && d->after && strcmp(d->pointer, removed) == 0)
            return true;
    }
    return false;
}

int write_rest(const struct write_row *row, struct json object, struct buf *body, struct error *err)
{
    struct mpijob_diff diff = {0};
    struct json_edits edits = {0};
    struct json array;
    if (!row->removed || !json_string_is(json_at(object, "/metadata/uid"), str_of(row->uid)) ||
        json_exists(mpijob_value_at(object, row->removed)))
        return 0;
    int rc = json_parse(str_of(row->diff), "the journal's diff", &array, err);
    if (!rc)
        rc = mpijob_diff_read(&diff, array, err);
    if (!rc && replaces(&diff, row->removed)) {
        for (size_t i = 0; i < diff.count; i++) {
            const struct mpijob_difference *d = &diff.items[i];
            if (d->after)
                json_edit_set(&edits, d->pointer, str_of(d->after));
            else
                json_edit_remove(&edits, d->pointer);
        }
        rc = json_edit_apply(&edits, object, body, err);
    }
    json_edits_free(&edits);
    mpijob_diff_free(&diff);
    return rc;
}

/* ---- of a daemon before ---- */

struct rest {
    write_rest_done done;
    void *data;
};

static void rest_came(void *data, struct kube_request *request, const struct kube_answer *answer,
                      const struct error *err, bool lost)
{
    (void)request;
    struct rest rest = *(struct rest *)data;
    struct error told;
    free(data);
    if (answer) {
        rest.done(rest.data, "done-unseen", "of its two writes the first was made; the second was made now", NULL);
    } else if (lost || err->code == ERR_CONFLICT) {
        rest.done(rest.data, NULL, NULL, NULL);
    } else if (write_is_refused(err)) {
        told = *err;
        error_prefix(&told, "of its two writes the first was made, which removes a value, and the second was refused");
        rest.done(rest.data, "lost", told.message, NULL);
    } else {
        rest.done(rest.data, NULL, NULL, err);
    }
}

int write_rest_send(struct kube *kube, const struct write_place *place, const struct write_row *row, struct json object,
                    write_rest_done done, void *data, struct kube_request **request, bool *sent, struct error *err)
{
    char plural[256];
    struct buf body = BUF_INIT;
    struct kube_resource resource = write_resource_at(place->resource, place->version, plural);
    struct kube_query query = {.field_manager = "mpijobd", .field_validation = "Strict"};
    struct kube_call call = {.resource = &resource,
                             .name_space = *place->name_space ? place->name_space : NULL,
                             .name = place->name,
                             .query = &query,
                             .done = rest_came};
    int rc = write_rest(row, object, &body, err);
    *sent = !rc && body.len;
    if (*sent) {
        struct rest *rest = malloc(sizeof *rest);
        call.body = buf_str(&body);
        call.data = rest;
        rc = rest ? 0 : error_nomem(err);
        if (rest)
            *rest = (struct rest){done, data};
        if (!rc)
            rc = kube_replace(kube, &call, request, err);
        if (rc)
            free(rest);
    }
    buf_free(&body);
    return rc;
}
