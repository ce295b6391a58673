/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the mpijob floor only: how collected changes and differences are kept. */
#ifndef MPIJOBD_MPIJOB_CHANGE_CHANGE_ITEM_H
#define MPIJOBD_MPIJOB_CHANGE_CHANGE_ITEM_H

#include "mpijob/change/job_changes.h"
#include "mpijob/dialect.h"

enum change_kind { CHANGE_FIELD, CHANGE_KEY };

struct mpijob_change {
    enum change_kind kind;
    enum mpijob_field_id field; /* CHANGE_FIELD */
    int member;          /* CHANGE_FIELD: of schedulingPolicy, which is changed member by member; -1: the whole field */
    enum mpijob_map map; /* CHANGE_KEY */
    char *key;           /* CHANGE_KEY: decoded */
    char *value;         /* field: raw JSON; key: decoded text (value_len counts); NULL: remove */
    size_t value_len;
};

static inline struct str change_value(const struct mpijob_change *c)
{
    return str_n(c->value, c->value ? c->value_len : 0);
}

const char *change_map_name(enum mpijob_map map); /* "labels" */

/* For messages, the list of what a server lets be replaced (server->only is not NULL). Returns out. */
#define CHANGE_ONLY_TEXT 120
const char *change_only(const struct mpijob_server *server, char out[CHANGE_ONLY_TEXT]);

/* Appends a difference; after: empty for absent. 0 or ERR_NOMEM. */
int diff_add(struct mpijob_diff *diff, const char *pointer, enum mpijob_field_id field, struct json before,
             struct str after, struct error *err);
/* The field that a pointer is about: its last part's name, or schedulingPolicy above it; FIELD_COUNT: none. */
enum mpijob_field_id diff_field_of(struct str pointer);
/* A pointer as people write it: "spec.cleanPodPolicy", "labels.team" (as the command line takes it). */
void diff_path(const char *pointer, struct buf *out);

#endif
