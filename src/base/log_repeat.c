/* SPDX-License-Identifier: Apache-2.0 */
/* How often a line came, and for which jobs. */
#include "base/log_repeat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log_parts.h"
#include "base/log_same.h"

#define NAMES 100 /* of jobs in one count */
#define NAMES_BYTES 3000
#define FIELDS_MAX 120 /* of the line itself */

bool log_repeat_begin(struct log_repeat *r, const struct log_same *same, enum log_level level)
{
    struct str bytes = buf_str(&same->bytes);
    char *own = malloc(bytes.len);
    if (!own)
        return false;
    memcpy(own, bytes.ptr, bytes.len);
    *r = (struct log_repeat){.bytes = str_n(own, bytes.len), .alike = same->alike, .level = level};
    return true;
}

void log_repeat_free(struct log_repeat *r)
{
    free((char *)r->bytes.ptr);
    buf_free(&r->names);
}

/* The names as a list of JSON, and for people; for journald each as a field. Returns how many fields there are now. */
static size_t add_names(const struct log_repeat *r, const char *name, struct buf *json, struct buf *shown,
                        struct log_field *fields, size_t n, const char *of)
{
    const char *at = r->names.ptr;
    for (unsigned i = 0; i < r->name_count; i++, at += strlen(at) + 1) {
        buf_putc(json, i ? ',' : '[');
        log_quote(json, at);
        buf_printf(shown, "%s%s", i ? " " : "", at);
        fields[n++] = (struct log_field){log_journal_next, ""};
        fields[n++] = (struct log_field){of, at};
    }
    buf_putc(json, ']');
    if (json->failed || shown->failed)
        return n;
    fields[n++] = (struct log_field){log_lines_next, shown->ptr};
    fields[n++] = (struct log_field){name, json->ptr};
    return n;
}

void log_repeat_tell(struct log_repeat *r, const struct log *log)
{
    char count[24], since[32], until[32], name[32];
    struct buf texts = BUF_INIT, json = BUF_INIT, shown = BUF_INIT;
    struct log_field fields[FIELDS_MAX + 8 + 2 * NAMES + 3] = {{0}};
    const char *message, *of;
    size_t n = log_same_write(r->bytes, r->alike, r->name_count == 1 ? r->names.ptr : NULL, &texts, &message, fields,
                              FIELDS_MAX, &of);
    snprintf(count, sizeof count, "%" PRIu64, r->count);
    clock_format(r->since, false, since);
    clock_format(r->until, false, until);
    fields[n++] = (struct log_field){log_json_next, ""};
    fields[n++] = (struct log_field){"repeated", count};
    fields[n++] = (struct log_field){"repeated_since", since};
    fields[n++] = (struct log_field){"repeated_until", until};
    snprintf(name, sizeof name, "repeated_%ss", of ? of : "job");
    if (r->name_count > 1)
        n = add_names(r, name, &json, &shown, fields, n, of ? of : "job");
    fields[n] = (struct log_field){0};
    log_write(log, r->level, message, fields);
    r->count = 0;
    r->name_count = 0;
    buf_free(&r->names);
    buf_free(&texts);
    buf_free(&json);
    buf_free(&shown);
}

static bool has_name(const struct log_repeat *r, const char *job)
{
    const char *at = r->names.ptr;
    for (unsigned i = 0; i < r->name_count; i++, at += strlen(at) + 1) {
        if (strcmp(at, job) == 0)
            return true;
    }
    return false;
}

bool log_repeat_count(struct log_repeat *r, const struct log *log, const char *job, int64_t now)
{
    if (job && !has_name(r, job)) {
        size_t len = strlen(job) + 1;
        if (len > NAMES_BYTES)
            return false;
        if (r->name_count == NAMES || r->names.len + len > NAMES_BYTES)
            log_repeat_tell(r, log);
        buf_add(&r->names, job, len);
        if (r->names.failed)
            return false;
        r->name_count++;
    }
    if (!r->count++)
        r->since = now;
    r->until = now;
    return true;
}
