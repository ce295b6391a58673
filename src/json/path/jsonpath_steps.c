/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a path as they are read: names, elements, filters. */
#include <stdlib.h>
#include <string.h>

#include "json/path/jsonpath_parts.h"
#include "json/write.h"

int jsonpath_wrong(struct jsonpath_reader *r, const char *what)
{
    return error_set(r->err, ERR_SYNTAX, "character %zu of \"%s\": %s", (size_t)(r->p - r->text) + 1, r->text, what);
}

void *jsonpath_grow(void *items, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return items;
    size_t more = *cap ? *cap * 2 : 8;
    void *moved = realloc(items, more * size);
    if (moved)
        *cap = more;
    return moved;
}

static int add_step(struct jsonpath_reader *r, const struct step *step)
{
    struct jsonpath *p = r->path;
    struct step *steps = jsonpath_grow(p->steps, p->step_count, &p->step_cap, sizeof *steps);
    if (!steps)
        return error_nomem(r->err);
    p->steps = steps;
    p->steps[p->step_count++] = *step;
    return 0;
}

static void skip_space(struct jsonpath_reader *r)
{
    r->p += strspn(r->p, " \t\r\n");
}

/* ---- pieces ---- */

static char unescaped(char c)
{
    return c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
}

int jsonpath_quoted(struct jsonpath_reader *r, struct buf *out)
{
    char quote = *r->p++;
    while (*r->p && *r->p != quote) {
        if (*r->p == '\\' && r->p[1])
            buf_putc(out, unescaped(*++r->p));
        else
            buf_putc(out, *r->p);
        r->p++;
    }
    if (!*r->p)
        return jsonpath_wrong(r, "a text in quotes does not end");
    r->p++;
    return 0;
}

bool jsonpath_ends_name(char c)
{
    return !c || strchr(".[]{}()=!<> \t\r\n'\"", c) != NULL;
}

/* At the first letter of a name; \. and \\ are part of it. */
static int bare_name(struct jsonpath_reader *r, struct step *step)
{
    struct buf *texts = &r->path->texts;
    *step = (struct step){.kind = STEP_NAME, .name = texts->len};
    const char *began = r->p;
    for (; !jsonpath_ends_name(*r->p); r->p++) {
        if (*r->p == '\\' && r->p[1])
            r->p++;
        buf_putc(texts, *r->p);
    }
    if (r->p == began)
        return jsonpath_wrong(r, *r->p == '.' ? "\"..\" is not supported here; name each step" : "a name is missing");
    if (r->p == began + 1 && *began == '*')
        step->kind = STEP_ALL;
    buf_add(texts, "", 1);
    return 0;
}

static bool number_at(struct jsonpath_reader *r, int64_t *out)
{
    char *end;
    if (*r->p != '-' && (*r->p < '0' || *r->p > '9'))
        return false;
    *out = strtoll(r->p, &end, 10);
    bool read = end != r->p && *out > INT32_MIN && *out < INT32_MAX; /* no array is longer; nor overflows then */
    r->p = read ? end : r->p;
    return read;
}

int jsonpath_closed(struct jsonpath_reader *r, char c, const char *what)
{
    skip_space(r);
    if (*r->p != c)
        return jsonpath_wrong(r, what);
    r->p++;
    return 0;
}

static int elements(struct jsonpath_reader *r, struct step *step)
{
    *step = (struct step){.kind = STEP_SLICE, .to = INT64_MAX};
    bool first = number_at(r, &step->from);
    step->one = *r->p != ':';
    if (!first && step->one)
        return jsonpath_wrong(r, "an index, a name in quotes, * or ?(...) is missing");
    if (!step->one) {
        r->p++;
        number_at(r, &step->to);
    }
    if (*r->p == ',' || *r->p == ':')
        return jsonpath_wrong(r, "unions and steps of a slice are not supported; name each path, separated by },{");
    return 0;
}

/* ---- filters: ?(@.type=="Running") ---- */

static enum filter_op operator_at(struct jsonpath_reader *r)
{
    static const struct {
        const char *text;
        enum filter_op op;
    } ops[] = {{"==", FILTER_EQ}, {"!=", FILTER_NE}, {"<=", FILTER_LE},
               {">=", FILTER_GE}, {"<", FILTER_LT},  {">", FILTER_GT}};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        size_t n = strlen(ops[i].text);
        if (strncmp(r->p, ops[i].text, n) == 0) {
            r->p += n;
            return ops[i].op;
        }
    }
    return FILTER_THERE;
}

/* The other side becomes JSON: a text, a number, true, false or null. */
static int other_side(struct jsonpath_reader *r, struct step *step)
{
    struct buf *texts = &r->path->texts;
    skip_space(r);
    step->name = texts->len;
    if (*r->p == '"' || *r->p == '\'') {
        struct buf content = BUF_INIT;
        int rc = jsonpath_quoted(r, &content);
        if (!rc)
            json_quote(texts, buf_str(&content));
        if (content.failed)
            texts->failed = content.failed;
        buf_free(&content);
        buf_add(texts, "", 1);
        return rc;
    }
    struct json value;
    struct str word = str_n(r->p, strcspn(r->p, ") \t"));
    if (json_parse(word, "", &value, NULL) || json_type(value) == JSON_ARRAY || json_type(value) == JSON_OBJECT)
        return jsonpath_wrong(r, "a filter compares with a text in quotes, a number, true or false, which is missing");
    buf_add_str(texts, value.text);
    buf_add(texts, "", 1);
    r->p += word.len;
    return 0;
}

static int single_element(struct jsonpath_reader *r, struct step *step);

static int filter(struct jsonpath_reader *r, struct step *step)
{
    *step = (struct step){.kind = STEP_FILTER, .first = r->path->step_count};
    int rc = jsonpath_closed(r, '(', "( is missing after ?");
    if (!rc)
        rc = jsonpath_closed(r, '@', "a filter begins with @, as in [?(@.type==\"Running\")]; @ is missing");
    while (!rc && (*r->p == '.' || *r->p == '[')) {
        struct step below;
        if (*r->p == '.') {
            r->p++;
            rc = bare_name(r, &below);
        } else {
            rc = single_element(r, &below);
        }
        if (!rc && below.kind == STEP_ALL)
            rc = jsonpath_wrong(r, "* is not supported in a filter");
        if (!rc)
            rc = add_step(r, &below);
    }
    step->count = r->path->step_count - step->first;
    skip_space(r);
    step->op = operator_at(r);
    if (!rc && step->op != FILTER_THERE)
        rc = other_side(r, step);
    return rc ? rc : jsonpath_closed(r, ')', "the filter does not end: ) is missing");
}

/* ---- paths ---- */

static int name_in_quotes(struct jsonpath_reader *r, struct step *step)
{
    *step = (struct step){.kind = STEP_NAME, .name = r->path->texts.len};
    int rc = jsonpath_quoted(r, &r->path->texts);
    buf_add(&r->path->texts, "", 1);
    return rc;
}

/* ['name'] or [0], at its bracket. */
static int single_element(struct jsonpath_reader *r, struct step *step)
{
    r->p++;
    skip_space(r);
    int rc = *r->p == '\'' || *r->p == '"' ? name_in_quotes(r, step) : elements(r, step);
    if (!rc && step->kind == STEP_SLICE && !step->one)
        rc = jsonpath_wrong(r, "a filter looks at single elements, not at a slice");
    return rc ? rc : jsonpath_closed(r, ']', "] is missing");
}

static int bracket(struct jsonpath_reader *r, struct step *step)
{
    int rc = 0;
    r->p++;
    skip_space(r);
    if (*r->p == '\'' || *r->p == '"') {
        rc = name_in_quotes(r, step);
    } else if (*r->p == '*') {
        *step = (struct step){.kind = STEP_ALL};
        r->p++;
    } else if (*r->p == '?') {
        r->p++;
        rc = filter(r, step);
    } else {
        rc = elements(r, step);
    }
    return rc ? rc : jsonpath_closed(r, ']', "] is missing");
}

/* The steps of a path, up to another thing. The steps of a filter stand before it, and are not the path's: so these are
 * moved behind the others. */
static int steps(struct jsonpath_reader *r, struct part *part, bool bare)
{
    struct step list[32];
    size_t n = 0;
    int rc = 0;
    while (!rc && (*r->p == '.' || *r->p == '[' || bare)) {
        if (n == sizeof list / sizeof *list)
            return jsonpath_wrong(r, "a path has 32 steps at most; there is one more");
        if (*r->p == '.' || bare) {
            r->p += *r->p == '.';
            bare = false;
            if (!n && jsonpath_ends_name(*r->p) && *r->p != '.' && *r->p != '[') /* "." alone: all of it */
                break;
            if (*r->p == '[') /* ".['name']" is "['name']" */
                continue;
            rc = bare_name(r, &list[n++]);
        } else {
            rc = bracket(r, &list[n++]);
        }
    }
    part->first = r->path->step_count;
    part->count = n;
    for (size_t i = 0; !rc && i < n; i++)
        rc = add_step(r, &list[i]);
    return rc;
}

int jsonpath_path(struct jsonpath_reader *r, struct part *part, bool bare)
{
    part->from_document = *r->p == '$';
    if (*r->p == '$' || *r->p == '@') {
        r->p++;
        bare = false;
    } else if (!bare && *r->p != '.' && *r->p != '[') {
        return jsonpath_wrong(r, "a path such as .metadata.name, a text in quotes, range or end is missing");
    }
    return steps(r, part, bare && *r->p != '[');
}
