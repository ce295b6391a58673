/* SPDX-License-Identifier: Apache-2.0 */
/* A creation whose object is there already: is it the one that an earlier try made? */
#include <string.h>

#include "change/write_parts.h"
#include "mpijob/quantity.h"

/* Servers leave these out: what is not there is the same to them. */
static bool is_empty(struct json v)
{
    int64_t number;
    switch (json_type(v)) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        return json_count(v) == 0;
    case JSON_STRING:
        return json_string_is(v, (struct str){0});
    case JSON_NUMBER:
        return json_int64(v, &number) && number == 0;
    default:
        return !json_is_true(v);
    }
}

static bool holds(struct json now, struct json sent);

static bool holds_members(struct json now, struct json sent, bool whole)
{
    struct buf key = BUF_INIT;
    bool all = true;
    for (struct json_iter it = json_iter(sent); all && json_next(&it);) {
        buf_reset(&key);
        all = json_decode(it.key, &key);
        /* Of a whole object these are never kept as they were sent: a status, and a Secret's text. */
        if (!all || (whole && (str_eq(buf_str(&key), str_of("status")) || str_eq(buf_str(&key), str_of("stringData")))))
            continue;
        struct json there = json_member(now, buf_str(&key));
        all = json_exists(there) ? holds(there, it.value) : is_empty(it.value);
    }
    buf_free(&key);
    return all;
}

/* In their order; a webhook may have put others between them. */
static bool holds_elements(struct json now, struct json sent)
{
    struct json_iter there = json_iter(now);
    for (struct json_iter it = json_iter(sent); json_next(&it);) {
        bool found = false;
        while (!found && json_next(&there))
            found = holds(there.value, it.value);
        if (!found)
            return false;
    }
    return true;
}

/* Is all that was sent there? The server fills in what was left out or null, and spells amounts in its own way: "1000m"
 * is "1". Whole ones suffice, since the name follows from what was sent to the letter. */
static bool holds(struct json now, struct json sent)
{
    int64_t amount, other;
    if (json_type(sent) == JSON_NULL)
        return true;
    if (json_type(sent) == JSON_OBJECT && json_type(now) == JSON_OBJECT)
        return holds_members(now, sent, false);
    if (json_type(sent) == JSON_ARRAY && json_type(now) == JSON_ARRAY)
        return holds_elements(now, sent);
    return json_equal(now, sent) || (quantity_of(sent, &amount) && quantity_of(now, &other) && amount == other);
}

/* Made by this program, as far as the object tells, and with all that was sent now. */
static bool is_made(const struct write *w, struct json object)
{
    struct json sent, managers = json_at(object, "/metadata/managedFields");
    bool ours = !json_exists(managers);
    for (struct json_iter it = json_iter(managers); json_next(&it) && !ours;)
        ours = json_string_is(json_get(it.value, "manager"), str_of("mpijobd"));
    return ours && !json_parse(buf_str(&w->body), "the object", &sent, NULL) && holds_members(object, sent, true);
}

static void found(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                  bool lost)
{
    struct write *w = data;
    (void)request, (void)err, (void)lost;
    w->request = NULL;
    if (w->abandoned) {
        write_given_up(w);
    } else if (answer && is_made(w, answer->body)) {
        write_row_end(w, "done", 0, "an earlier try had made it", answer->body);
        write_finish(w, answer, NULL);
    } else {
        const struct error told = *w->lost;
        write_fail(w, "failed", &told);
    }
}

bool write_look_made(struct write *w, const struct error *why)
{
    struct kube_call call = {
        .resource = &w->resource, .name_space = w->name_space, .name = w->name, .done = found, .data = w};
    call.seat = (struct seat_for){w->policy, w->rank};
    if (!w->made_before || w->dry_run || strcmp(why->reason, "AlreadyExists") != 0)
        return false;
    error_keep(&w->lost, why);
    return kube_get(cluster_kube(w->site->cluster), &call, &w->request, NULL) == 0;
}
