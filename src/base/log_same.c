/* SPDX-License-Identifier: Apache-2.0 */
/* A line as bytes: its level, its sentence, and its fields, each text ended by a NUL. */
#include "base/log_same.h"

#include <string.h>

#include "base/log_parts.h"

#define LINE_BYTES 8192 /* a longer one is not compared */

/* What stands in the bytes for a part of a text, and before a field. */
enum mark {
    NAME = 1, /* the job's name */
    KEY,      /* its namespace and name */
    SPACE,    /* its namespace, as URLs and the server's messages have it */
    NUMBER,   /* of seconds or tries; they stand behind the fields */
    OF_TEXT,
    OF_JSON,
    OF_LINES,
    OF_JOB,
    OF_QUIET
};

struct job {
    struct str key, name, space; /* empty: there is no job */
};

static struct job job_read(const char *key)
{
    const char *slash = key ? strrchr(key, '/') : NULL, *space = key;
    for (const char *c = key; slash && c < slash; c++)
        space = *c == ' ' ? c + 1 : space; /* "configmaps train/made" */
    return (struct job){.key = str_of(key ? key : ""),
                        .name = str_of(slash ? slash + 1
                                       : key ? key
                                             : ""),
                        .space = slash ? str_n(space, (size_t)(slash - space)) : str_of("")};
}

static bool in_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static bool stands(const char *at, struct str word)
{
    return word.len && *at == *word.ptr && strncmp(at, word.ptr, word.len) == 0 && !in_name(at[word.len]);
}

static bool behind(const char *text, const char *at, const char *before)
{
    size_t len = strlen(before);
    return (size_t)(at - text) >= len && memcmp(at - len, before, len) == 0;
}

/* How many bytes are a number of something that passes: "in 24.3 s", "after 11 tries". */
static size_t number_at(const char *text, const char *at)
{
    static const char *const units[] = {" s", " ms", " seconds", " tries", " times"};
    bool begins = *at >= '0' && *at <= '9' && (at == text || at[-1] == ' ' || at[-1] == '(');
    size_t n = begins ? strspn(at, "0123456789.") : 0;
    for (size_t i = 0; n && i < sizeof units / sizeof *units; i++) {
        if (stands(at + n, str_of(units[i])))
            return n;
    }
    return 0;
}

/* What stands there in place of so many bytes; 0: what stands there is a part of the text. */
static enum mark mark_at(const char *text, const char *at, const struct job *job, size_t *len)
{
    if (at != text && in_name(at[-1]))
        return 0;
    if (stands(at, job->key))
        return (*len = job->key.len, KEY);
    if (stands(at, job->name))
        return (*len = job->name.len, NAME);
    if (stands(at, job->space) && (behind(text, at, "namespaces/") || behind(text, at, "namespace \"")))
        return (*len = job->space.len, SPACE);
    *len = number_at(text, at);
    return *len ? NUMBER : 0;
}

/* The text, with marks for what may differ: messages name the job, and how long was tried. */
static bool add_text(struct log_same *same, const char *text, const struct job *job)
{
    struct buf *out = &same->bytes;
    const char *from = text, *at = text;
    size_t len;
    for (; *at; at++) {
        if (*at > 0 && *at <= NUMBER)
            return false;
        enum mark mark = job ? mark_at(text, at, job, &len) : 0;
        if (!mark)
            continue;
        buf_add(out, from, (size_t)(at - from));
        buf_putc(out, (char)mark);
        if (mark == NUMBER) {
            buf_add(&same->numbers, at, len);
            buf_putc(&same->numbers, '\0');
        }
        from = at + len;
        at = from - 1;
    }
    buf_add(out, from, (size_t)(at - from) + 1);
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

/* Whose line it is does not follow from the job, whatever that is called; a value that is JSON has to stay JSON. */
static bool stays(const struct log_field *field, enum mark kind)
{
    return kind == OF_JSON || strcmp(field->name, "policy") == 0 || strcmp(field->name, "cluster") == 0;
}

static bool add_field(struct log_same *same, const struct log_field *field, enum mark kind, const struct job *job)
{
    buf_putc(&same->bytes, (char)kind);
    if (!add_text(same, field->name, NULL))
        return false;
    job = stays(field, kind) ? NULL : job;
    if (kind == OF_LINES && !add_text(same, field[-1].value ? field[-1].value : "", job))
        return false;
    return kind == OF_JOB || add_text(same, field->value, kind == OF_LINES ? NULL : job); /* which is JSON, too */
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
    const struct log_field *field = level >= LOG_WARN ? job_of(fields) : NULL;
    struct buf *out = &same->bytes;
    same->job = field ? field->value : NULL;
    struct job read = job_read(same->job);
    const struct job *job = level >= LOG_WARN ? &read : NULL; /* below it all counts */
    buf_reset(out);
    buf_reset(&same->numbers);
    buf_putc(out, (char)('0' + level));
    if (!add_text(same, message, job))
        return false;
    for (; fields && fields->name; fields++) {
        enum mark kind = OF_TEXT;
        if (fields->name == log_json_next || fields->name == log_lines_next)
            kind = fields++->name == log_json_next ? OF_JSON : OF_LINES;
        else if (fields == field)
            kind = OF_JOB;
        else if (fields->name == log_quiet_next)
            kind = (fields++, OF_QUIET);
        if (fields->value && !add_field(same, fields, kind, job))
            return false;
    }
    same->alike = out->len;
    same->hash = out->failed ? 0 : hash_of(buf_str(out));
    buf_add_str(out, buf_str(&same->numbers));
    return !out->failed && !same->numbers.failed;
}

void log_same_free(struct log_same *same)
{
    buf_free(&same->bytes);
    buf_free(&same->numbers);
}

/* The bytes with the job and the numbers in their places; level and all. */
static struct str put_back(struct str bytes, size_t alike, const char *key, struct buf *texts)
{
    const char *number = bytes.ptr + alike;
    struct job job = job_read(key);
    for (size_t i = 0; i < alike; i++) {
        char c = bytes.ptr[i];
        if (c == NUMBER) {
            buf_puts(texts, number);
            number += strlen(number) + 1;
        } else if (c == NAME || c == KEY || c == SPACE) {
            buf_add_str(texts, !key ? str_of("*") : c == NAME ? job.name : c == KEY ? job.key : job.space);
        } else {
            buf_putc(texts, c);
        }
    }
    return texts->failed ? str_of("") : buf_str(texts);
}

static const char *next_text(const char **at)
{
    const char *text = *at;
    *at += strlen(text) + 1;
    return text;
}

size_t log_same_write(struct str bytes, size_t alike, const char *job, struct buf *texts, const char **message,
                      struct log_field *fields, size_t most, const char **of)
{
    struct str whole = put_back(bytes, alike, job, texts);
    const char *at = whole.ptr + (whole.len ? 1 : 0), *end = whole.ptr + whole.len;
    size_t n = 0;
    *of = NULL;
    *message = whole.len ? next_text(&at) : "";
    while (at < end && n + 2 <= most) {
        enum mark kind = (enum mark)(*at++);
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
