/* SPDX-License-Identifier: Apache-2.0 */
/* Findings as SARIF 2.1.0 (OASIS), which code hosts and editors read. */
#include "base/program_version.h"
#include "cli/check/tell.h"

#define SCHEMA "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

static void pair(struct json_writer *w, const char *key, const char *value)
{
    json_write_key(w, key);
    json_write_string(w, value);
}

static void number(struct json_writer *w, const char *key, int value)
{
    json_write_key(w, key);
    json_write_int(w, value);
}

static void open_object(struct json_writer *w, const char *key)
{
    json_write_key(w, key);
    json_write_object(w);
}

static void message(struct json_writer *w, const char *key, const char *text)
{
    open_object(w, key);
    pair(w, "text", text);
    json_write_end(w);
}

static const char *level(enum rule rule)
{
    return check_rules[rule].error ? "error" : "warning";
}

static void write_rules(struct json_writer *w)
{
    json_write_key(w, "rules");
    json_write_array(w);
    for (int i = 0; i < RULES; i++) {
        json_write_object(w);
        pair(w, "id", check_rules[i].code);
        message(w, "shortDescription", check_rules[i].about);
        open_object(w, "defaultConfiguration");
        pair(w, "level", level((enum rule)i));
        json_write_end(w);
        json_write_end(w);
    }
    json_write_end(w);
}

/* A path as a reference to a file: an absolute one with its scheme, and what a URI does not take as %20. */
static void write_uri(struct json_writer *w, const char *path)
{
    struct buf uri = BUF_INIT;
    buf_puts(&uri, *path == '/' ? "file://" : "");
    while (strncmp(path, "./", 2) == 0)
        path += 2;
    for (; *path; path++) {
        unsigned char c = (unsigned char)*path;
        bool plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~/", c) != NULL;
        buf_printf(&uri, plain ? "%c" : "%%%02X", c);
    }
    pair(w, "uri", uri.failed ? "" : uri.ptr);
    buf_free(&uri);
}

static void write_result(struct json_writer *w, const struct finding *f)
{
    json_write_object(w);
    pair(w, "ruleId", check_rules[f->rule].code);
    number(w, "ruleIndex", (int)f->rule);
    pair(w, "level", level(f->rule));
    message(w, "message", f->message);
    json_write_key(w, "locations");
    json_write_array(w);
    json_write_object(w);
    open_object(w, "physicalLocation");
    open_object(w, "artifactLocation");
    write_uri(w, f->file);
    json_write_end(w);
    if (f->line) {
        open_object(w, "region");
        number(w, "startLine", f->line);
        if (f->column)
            number(w, "startColumn", f->column);
        json_write_end(w);
    }
    json_write_end(w);
    json_write_end(w);
    json_write_end(w);
    json_write_end(w);
}

void tell_sarif(const struct found *f, struct json_writer *w)
{
    json_write_object(w);
    pair(w, "$schema", SCHEMA);
    pair(w, "version", "2.1.0");
    json_write_key(w, "runs");
    json_write_array(w);
    json_write_object(w);
    open_object(w, "tool");
    open_object(w, "driver");
    pair(w, "name", "mpijobd");
    pair(w, "version", mpijobd_version);
    write_rules(w);
    json_write_end(w);
    json_write_end(w);
    pair(w, "columnKind", "unicodeCodePoints");
    json_write_key(w, "results");
    json_write_array(w);
    for (size_t i = 0; i < f->count; i++)
        write_result(w, &f->items[i]);
    json_write_end(w);
    json_write_end(w);
    json_write_end(w);
    json_write_end(w);
}
