/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a template: every mistake is told here, with its place. */
#include <stdlib.h>
#include <string.h>

#include "json/path/jsonpath_parts.h"

static int add_part(struct jsonpath_reader *r, const struct part *part)
{
    struct jsonpath *p = r->path;
    struct part *parts = jsonpath_grow(p->parts, p->part_count, &p->part_cap, sizeof *parts);
    if (!parts)
        return error_nomem(r->err);
    p->parts = parts;
    p->parts[p->part_count++] = *part;
    return 0;
}

static void skip_space(struct jsonpath_reader *r)
{
    r->p += strspn(r->p, " \t\r\n");
}

static bool word_at(struct jsonpath_reader *r, const char *word)
{
    size_t n = strlen(word);
    if (strncmp(r->p, word, n) != 0 || !jsonpath_ends_name(r->p[n]))
        return false;
    r->p += n;
    return true;
}

struct ranges {
    size_t open[JSONPATH_RANGES_MAX];
    size_t depth;
};

static int in_braces(struct jsonpath_reader *r, struct ranges *ranges)
{
    struct part part = {.kind = PART_PATH};
    int rc = 0;
    skip_space(r);
    if (*r->p == '"' || *r->p == '\'') {
        part = (struct part){.kind = PART_TEXT, .text = r->path->texts.len};
        rc = jsonpath_quoted(r, &r->path->texts);
        part.text_len = r->path->texts.len - part.text;
    } else if (word_at(r, "range")) {
        part.kind = PART_RANGE;
        skip_space(r);
        if (ranges->depth == JSONPATH_RANGES_MAX)
            return jsonpath_wrong(r, "8 ranges may stand within each other; there is one more");
        ranges->open[ranges->depth++] = r->path->part_count;
        rc = jsonpath_path(r, &part, false);
    } else if (word_at(r, "end")) {
        part.kind = PART_END;
        if (!ranges->depth)
            return jsonpath_wrong(r, "{end} without a {range ...} before it");
        r->path->parts[ranges->open[--ranges->depth]].end = r->path->part_count;
    } else {
        rc = jsonpath_path(r, &part, false);
    }
    if (!rc)
        rc = jsonpath_closed(r, '}', "} is missing");
    return rc ? rc : add_part(r, &part);
}

static int template_parts(struct jsonpath_reader *r)
{
    struct ranges ranges = {.depth = 0};
    int rc = 0;
    while (!rc && *r->p) {
        if (*r->p == '{') {
            r->p++;
            rc = in_braces(r, &ranges);
            continue;
        }
        struct part part = {.kind = PART_TEXT, .text = r->path->texts.len, .text_len = strcspn(r->p, "{")};
        buf_add(&r->path->texts, r->p, part.text_len);
        r->p += part.text_len;
        rc = add_part(r, &part);
    }
    return !rc && ranges.depth ? jsonpath_wrong(r, "a {range ...} has no {end}") : rc;
}

static int single_part(struct jsonpath_reader *r)
{
    struct part part = {.kind = PART_PATH};
    bool braces = *r->p == '{';
    r->p += braces;
    if (!*r->p)
        return jsonpath_wrong(r, "a path such as .metadata.name is missing");
    int rc = jsonpath_path(r, &part, !braces);
    if (!rc && braces)
        rc = jsonpath_closed(r, '}', "} is missing");
    if (!rc && *r->p)
        rc = jsonpath_wrong(r, "nothing may follow the path, and something does");
    return rc ? rc : add_part(r, &part);
}

static int read_all(const char *text, int (*read)(struct jsonpath_reader *r), struct jsonpath **out, struct error *err)
{
    *out = NULL;
    struct jsonpath_reader r = {.text = text, .p = text, .path = calloc(1, sizeof *r.path), .err = err};
    if (!r.path)
        return error_nomem(err);
    int rc = read(&r);
    if (!rc)
        rc = buf_result(&r.path->texts, "the template", err);
    if (rc)
        jsonpath_free(r.path);
    else
        *out = r.path;
    return rc;
}

int jsonpath_template(const char *text, struct jsonpath **out, struct error *err)
{
    return read_all(text, template_parts, out, err);
}

int jsonpath_single(const char *text, struct jsonpath **out, struct error *err)
{
    return read_all(text, single_part, out, err);
}

void jsonpath_free(struct jsonpath *path)
{
    if (!path)
        return;
    buf_free(&path->texts);
    free(path->steps);
    free(path->parts);
    free(path);
}
