/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings read: whole from the store, then entry by entry. */
#include <string.h>

#include "record/record.h"
#include "store/recorded.h"

#define RECORDING_MAX ((size_t)1024 * 1024 * 1024)

static bool add_part(void *data, struct str bytes)
{
    struct buf *out = data;
    buf_add_str(out, bytes);
    return !out->failed;
}

/* An instant between the years 1 and 9999, or none. */
static bool sound_instant(struct json value)
{
    int64_t at;
    return !json_exists(value) ||
           (json_int64(value, &at) && at >= -INT64_C(62135596800000000) && at <= INT64_C(253402300799999999));
}

static bool sound(struct str recording)
{
    struct record_entry e;
    char kind[16] = "";
    size_t at = 0, n = 0;
    for (; record_next(recording, &at, &e); n++) {
        json_string_at(e.head, "/entry", kind, sizeof kind);
        if ((n == 0 && strcmp(kind, "run") != 0) || !sound_instant(json_get(e.head, "now")) ||
            !sound_instant(json_get(e.head, "started_at")))
            return false;
    }
    return at == recording.len && strcmp(kind, "end") == 0;
}

int record_read(struct journal *journal, int64_t run, struct buf *out, struct error *err)
{
    bool whole;
    buf_init(out, RECORDING_MAX);
    int rc = journal_read_recorded(journal, run, add_part, out, &whole, err);
    if (!rc)
        rc = buf_result(out, "the recording", err);
    if (!rc && !whole)
        return error_set(err, ERR_INVALID, "the recording of run %lld has no end: the daemon died in that run",
                         (long long)run);
    if (!rc && !sound(buf_str(out)))
        return error_set(err, ERR_INVALID, "the recording of run %lld is damaged", (long long)run);
    return rc;
}

bool record_next(struct str recording, size_t *at, struct record_entry *entry)
{
    struct str rest = str_n(recording.ptr + *at, recording.len - *at);
    const char *line = rest.len ? memchr(rest.ptr, '\n', rest.len) : NULL;
    *entry = (struct record_entry){0};
    if (!line || json_parse(str_n(rest.ptr, (size_t)(line - rest.ptr)), "", &entry->head, NULL))
        return false;
    size_t to = (size_t)(line - rest.ptr) + 1, n = 0;
    for (struct json_iter it = json_iter(json_get(entry->head, "bytes")); json_next(&it); n++) {
        int64_t len;
        if (n == 3 || !json_int64(it.value, &len) || len < 0 || (size_t)len > rest.len - to)
            return false;
        entry->bytes[n] = str_n(rest.ptr + to, (size_t)len);
        to += (size_t)len;
    }
    if (to >= rest.len || rest.ptr[to] != '\n')
        return false;
    *at += to + 1;
    return true;
}
