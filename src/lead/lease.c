/* SPDX-License-Identifier: Apache-2.0 */
/* The record read out of a Lease and written into one, and how long it binds. */
#include "lead/lease.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/visible.h"
#include "json/edit.h"
#include "json/write.h"

const struct kube_resource lease_resource = {"coordination.k8s.io", "v1", "leases"};

static int64_t whole(struct json spec, const char *key, int64_t most)
{
    int64_t n;
    if (!json_int64(json_get(spec, key), &n) || n < 0)
        return 0;
    return n > most ? most : n;
}

static int64_t instant(struct json spec, const char *pointer)
{
    char text[64];
    int64_t us;
    return json_string_at(spec, pointer, text, sizeof text) == 0 && clock_parse(text, &us) ? us : 0;
}

void lease_read(struct json object, struct lease_record *record)
{
    struct json spec = json_get(object, "spec");
    *record = (struct lease_record){
        .seconds = whole(spec, "leaseDurationSeconds", LEASE_SECONDS_MAX),
        .acquired = instant(spec, "/acquireTime"),
        .renewed = instant(spec, "/renewTime"),
        .transitions = whole(spec, "leaseTransitions", INT32_MAX),
    };
    json_string_at(spec, "/holderIdentity", record->holder, sizeof record->holder);
    if (visible_has_control(str_of(record->holder))) /* it is shown to people, whoever wrote it */
        strcpy(record->holder, "(a name that cannot be shown)");
}

static void set_int(struct json_edits *edits, const char *pointer, int64_t n)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%lld", (long long)n);
    json_edit_set(edits, pointer, str_n(text, (size_t)len));
}

static void set_time(struct json_edits *edits, const char *pointer, int64_t us)
{
    char text[32];
    clock_format(us, true, text);
    json_edit_set_string(edits, pointer, str_of(text));
}

static void set_all(struct json_edits *edits, const struct lease_record *record, const struct lease_note *annotations)
{
    json_edit_set_string(edits, "/spec/holderIdentity", str_of(record->holder));
    set_int(edits, "/spec/leaseDurationSeconds", record->seconds);
    set_time(edits, "/spec/acquireTime", record->acquired);
    set_time(edits, "/spec/renewTime", record->renewed);
    set_int(edits, "/spec/leaseTransitions", record->transitions);
    for (; annotations && annotations->name; annotations++) {
        struct buf pointer = BUF_INIT;
        buf_puts(&pointer, "/metadata/annotations");
        json_pointer_push(&pointer, str_of(annotations->name));
        if (pointer.failed)
            edits->failed = ERR_NOMEM;
        else
            json_edit_set_string(edits, pointer.ptr, str_of(annotations->value));
        buf_free(&pointer);
    }
}

int lease_write(struct json before, const char *name_space, const char *name, const struct lease_record *record,
                const struct lease_note *annotations, struct buf *out, struct error *err)
{
    struct json_edits edits = {0};
    struct json root = before;
    int rc = 0;
    if (!json_exists(before))
        rc =
            json_parse(str_of("{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\"}"), "a Lease", &root, err);
    if (!json_exists(before)) {
        json_edit_set_string(&edits, "/metadata/namespace", str_of(name_space));
        json_edit_set_string(&edits, "/metadata/name", str_of(name));
    }
    set_all(&edits, record, annotations);
    if (!rc)
        rc = json_edit_apply(&edits, root, out, err);
    json_edits_free(&edits);
    return rc;
}

static bool same(const struct lease_record *a, const struct lease_record *b)
{
    return strcmp(a->holder, b->holder) == 0 && a->seconds == b->seconds && a->acquired == b->acquired &&
           a->renewed == b->renewed && a->transitions == b->transitions;
}

bool lease_see(struct lease_seen *seen, const struct lease_record *record, int64_t now)
{
    bool changed = !seen->known || seen->exists != (record != NULL) || (record && !same(&seen->record, record));
    seen->known = true;
    seen->exists = record != NULL;
    if (!record) /* its holder's time runs on from when it was seen last */
        return changed;
    if (changed) {
        seen->record = *record;
        seen->at = now;
    }
    return changed;
}

int64_t lease_free_at(const struct lease_seen *seen, int64_t lease)
{
    if (!*seen->record.holder)
        return 0;
    return seen->at + (seen->record.seconds ? seen->record.seconds * CLOCK_SECOND : lease);
}
