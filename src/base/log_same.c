/* SPDX-License-Identifier: Apache-2.0 */
/* A line as bytes: its level, its sentence, and its fields, each text ended by a NUL. */
#include "base/log_same.h"

#include <string.h>

#include "base/log_parts.h"

#define LINE_BYTES 8192 /* a longer one is not compared */
#define NAME '\1'       /* stands for the job's name */
#define KEY '\2'        /* and this one for its namespace and name */

enum kind { OF_TEXT = 3, OF_JSON, OF_LINES, OF_JOB, OF_QUIET }; /* before a field */

static bool in_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static const char *name_of(const char *job)
{
    const char *slash = strrchr(job, '/');
    return slash ? slash + 1 : job;
}

/* The text, with NAME and KEY for the job where it stands in it as a word: messages name it. */
static bool add_text(struct buf *out, const char *text, const char *job)
{
    const char *name = job ? name_of(job) : "", *begin = text;
    size_t len = strlen(name), before = (size_t)(name - (job ? job : name)); /* of the namespace and its slash */
    if (strpbrk(text, (const char[]){NAME, KEY, '\0'}))
        return false;
    for (const char *found; len && (found = strstr(text, name));) {
        bool whole = before && (size_t)(found - text) >= before && memcmp(found - before, job, before) == 0 &&
                     (found - before == begin || !in_name(found[-1 - (ptrdiff_t)before]));
        bool word = whole || found == begin || !in_name(found[-1]);
        word = word && !in_name(found[len]);
        buf_add(out, text, (size_t)(found - text) - (word && whole ? before : 0) + !word);
        if (word)
            buf_putc(out, whole ? KEY : NAME);
        text = found + (word ? len : 1);
    }
    buf_add(out, text, strlen(text) + 1);
    return out->len <= LINE_BYTES;
}

static const struct log_field *job_of(const struct log_field *fields)
{
    for (; fields && fields->name; fields++) {
        if (fields->value && (strcmp(fields->name, "job") == 0 || strcmp(fields->name, "object") == 0))
            return fields;
    }
    return NULL;
}

static bool add_field(struct buf *out, const struct log_field *field, enum kind kind, const char *job)
{
    buf_putc(out, (char)kind);
    buf_add(out, field->name, strlen(field->name) + 1);
    if (kind == OF_LINES && !add_text(out, field[-1].value ? field[-1].value : "", job))
        return false;
    return kind == OF_JOB || add_text(out, field->value, job);
}

static uint64_t hash_of(struct str bytes)
{
    uint64_t h = 0xcbf29ce484222325; /* FNV-1a */
    for (size_t i = 0; i < bytes.len; i++)
        h = (h ^ (unsigned char)bytes.ptr[i]) * 0x100000001b3;
    return h ? h : 1;
}

bool log_same_read(struct log_same *same, enum log_level level, const char *message, const struct log_field *fields)
{
    const struct log_field *job = level >= LOG_WARN ? job_of(fields) : NULL;
    struct buf *out = &same->bytes;
    buf_reset(out);
    same->job = job ? job->value : NULL;
    buf_putc(out, (char)('0' + level));
    if (!add_text(out, message, same->job))
        return false;
    for (; fields && fields->name; fields++) {
        enum kind kind = OF_TEXT;
        if (fields->name == log_json_next || fields->name == log_lines_next)
            kind = fields++->name == log_json_next ? OF_JSON : OF_LINES;
        else if (fields == job)
            kind = OF_JOB;
        else if (fields->name == log_quiet_next)
            kind = (fields++, OF_QUIET);
        if (fields->value && !add_field(out, fields, kind, same->job))
            return false;
    }
    same->hash = out->failed ? 0 : hash_of(buf_str(out));
    return !out->failed;
}

/* The bytes with the job in its places; level and all. */
static struct str put_back(struct str bytes, const char *job, struct buf *texts)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.ptr[i] == NAME)
            buf_puts(texts, job ? name_of(job) : "*");
        else if (bytes.ptr[i] == KEY)
            buf_puts(texts, job ? job : "*");
        else
            buf_putc(texts, bytes.ptr[i]);
    }
    return texts->failed ? str_of("") : buf_str(texts);
}

static const char *next_text(const char **at)
{
    const char *text = *at;
    *at += strlen(text) + 1;
    return text;
}

size_t log_same_write(struct str bytes, const char *job, struct buf *texts, const char **message,
                      struct log_field *fields, size_t most, const char **of)
{
    struct str whole = put_back(bytes, job, texts);
    const char *at = whole.ptr + (whole.len ? 1 : 0), *end = whole.ptr + whole.len;
    size_t n = 0;
    *of = NULL;
    *message = whole.len ? next_text(&at) : "";
    while (at < end && n + 2 <= most) {
        enum kind kind = (enum kind)(*at++);
        struct log_field field = {.name = next_text(&at)};
        if (kind == OF_LINES)
            fields[n++] = (struct log_field){log_lines_next, next_text(&at)};
        else if (kind == OF_JSON)
            fields[n++] = (struct log_field){log_json_next, ""};
        else if (kind == OF_QUIET)
            fields[n++] = (struct log_field){log_quiet_next, ""};
        field.value = kind == OF_JOB ? job : next_text(&at);
        if (kind == OF_JOB)
            *of = field.name;
        if (field.value)
            fields[n++] = field;
    }
    return n;
}

bool log_same_has(struct str bytes, const char *name, const char *json)
{
    char wanted[128];
    size_t name_len = strlen(name) + 1, json_len = strlen(json) + 1;
    if (1 + name_len + json_len > sizeof wanted)
        return false;
    wanted[0] = OF_JSON;
    memcpy(wanted + 1, name, name_len);
    memcpy(wanted + 1 + name_len, json, json_len);
    return memmem(bytes.ptr, bytes.len, wanted, 1 + name_len + json_len) != NULL;
}
