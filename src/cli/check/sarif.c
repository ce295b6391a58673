/* SPDX-License-Identifier: Apache-2.0 */
/* Findings as SARIF 2.1.0 (OASIS), which code hosts and editors read. */
#include "base/program_version.h"
#include "cli/check/tell.h"
#include "json/member.h"

#define SCHEMA "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

static void open_object(struct json_writer *w, const char *key)
{
    json_write_key(w, key);
    json_write_object(w);
}

static void message(struct json_writer *w, const char *key, const char *text)
{
    open_object(w, key);
    json_member_text(w, "text", text);
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
        json_member_text(w, "id", check_rules[i].code);
        message(w, "shortDescription", check_rules[i].about);
        open_object(w, "defaultConfiguration");
        json_member_text(w, "level", level((enum rule)i));
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
    json_member_text(w, "uri", uri.failed ? "" : uri.ptr);
    buf_free(&uri);
}

static void write_result(struct json_writer *w, const struct finding *f)
{
    json_write_object(w);
    json_member_text(w, "ruleId", check_rules[f->rule].code);
    json_member_int(w, "ruleIndex", (int)f->rule);
    json_member_text(w, "level", level(f->rule));
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
        json_member_int(w, "startLine", f->line);
        if (f->column)
            json_member_int(w, "startColumn", f->column);
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
    json_member_text(w, "$schema", SCHEMA);
    json_member_text(w, "version", "2.1.0");
    json_write_key(w, "runs");
    json_write_array(w);
    json_write_object(w);
    open_object(w, "tool");
    open_object(w, "driver");
    json_member_text(w, "name", "mpijobd");
    json_member_text(w, "version", mpijobd_version);
    write_rules(w);
    json_write_end(w);
    json_write_end(w);
    json_member_text(w, "columnKind", "unicodeCodePoints");
    json_write_key(w, "results");
    json_write_array(w);
    for (size_t i = 0; i < f->count; i++)
        write_result(w, &f->items[i]);
    json_write_end(w);
    json_write_end(w);
    json_write_end(w);
    json_write_end(w);
}
