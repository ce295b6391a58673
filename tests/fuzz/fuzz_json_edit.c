/* SPDX-License-Identifier: Apache-2.0 */
/* A document and edits, one a line: first line the document's length in decimal, then the document, then lines of
 * `pointer TAB raw` (set) or `pointer` (remove).
 *
 * Where the set is applied, the result must be JSON; a value that was set must be there, one that was removed must not;
 * what no edit names must have its bytes; the same set applied again (without appending) must change nothing. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "json/edit.h"

#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

#define EDITS_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct line {
    char *pointer;
    struct str raw; /* ptr NULL: remove */
};

static struct str take_line(struct str *rest)
{
    const char *end = memchr(rest->ptr, '\n', rest->len);
    struct str line = str_n(rest->ptr, end ? (size_t)(end - rest->ptr) : rest->len);
    size_t used = line.len + (end != NULL);
    *rest = str_n(rest->ptr + used, rest->len - used);
    return line;
}

static size_t read_lines(struct str rest, struct line *lines)
{
    size_t n = 0;
    while (rest.len && n < EDITS_MAX) {
        struct str line = take_line(&rest);
        const char *tab = memchr(line.ptr, '\t', line.len);
        size_t len = tab ? (size_t)(tab - line.ptr) : line.len;
        lines[n].pointer = str_dup(str_n(line.ptr, len));
        lines[n].raw = tab ? str_n(tab + 1, line.len - len - 1) : str_n(NULL, 0);
        n++;
    }
    return n;
}

static bool within(const char *pointer, const char *above)
{
    size_t len = strlen(above);
    return strncmp(pointer, above, len) == 0 && (pointer[len] == '\0' || pointer[len] == '/');
}

static bool appends(const char *pointer)
{
    return strstr(pointer, "/-") != NULL;
}

/* Not overruled by a later line for the same pointer. */
static bool counts(const struct line *lines, size_t n, size_t i)
{
    for (size_t j = i + 1; j < n; j++)
        if (strcmp(lines[i].pointer, lines[j].pointer) == 0)
            return false;
    return true;
}

/* Removing array elements moves the others: then pointers of the old and the new document are not to be compared. */
static bool moves(struct json root, const struct line *lines, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *slash = strrchr(lines[i].pointer, '/');
        if (lines[i].raw.ptr || !slash)
            continue;
        *slash = '\0';
        enum json_type type = json_type(json_at(root, lines[i].pointer));
        *slash = '/';
        if (type == JSON_ARRAY)
            return true;
    }
    return false;
}

/* Members of v that no line is at, below or above keep their bytes. */
static void check_kept(struct json old, struct json new, struct buf *pointer, const struct line *lines, size_t n,
                       int depth)
{
    if (json_type(old) != JSON_OBJECT || depth > 3)
        return;
    for (struct json_iter it = json_iter(old); json_next(&it);) {
        struct buf key = BUF_INIT;
        size_t before = pointer->len;
        MUST(json_decode(it.key, &key));
        json_pointer_push(pointer, buf_str(&key));
        bool named = memchr(buf_str(&key).ptr, '\0', key.len) != NULL, above = false;
        for (size_t i = 0; i < n; i++) {
            named |= within(pointer->ptr, lines[i].pointer);
            above |= within(lines[i].pointer, pointer->ptr);
        }
        struct json was = json_at(old, pointer->ptr + before);
        struct json is = json_at(new, pointer->ptr + before);
        if (!named && !above)
            MUST(str_eq(was.text, is.text));
        else if (!named && json_type(was) == JSON_OBJECT)
            check_kept(was, is, pointer, lines, n, depth + 1);
        pointer->len = before;
        pointer->ptr[before] = '\0';
        buf_free(&key);
    }
}

static int apply(const struct line *lines, size_t n, bool appending, struct json root, struct buf *out)
{
    struct json_edits edits = {0};
    struct error err = {0};
    for (size_t i = 0; i < n; i++) {
        if (!appending && appends(lines[i].pointer))
            continue;
        if (lines[i].raw.ptr)
            json_edit_set(&edits, lines[i].pointer, lines[i].raw);
        else
            json_edit_remove(&edits, lines[i].pointer);
    }
    int rc = json_edit_apply(&edits, root, out, &err);
    MUST(rc == err.code);
    json_edits_free(&edits);
    return rc;
}

static void check(struct json root, const struct line *lines, size_t n)
{
    struct buf out = BUF_INIT, again = BUF_INIT, pointer = BUF_INIT;
    struct json result, value;
    if (apply(lines, n, true, root, &out)) {
        MUST(out.len == 0);
        goto done;
    }
    MUST(json_parse(buf_str(&out), "the result", &result, NULL) == 0);
    if (moves(root, lines, n) || moves(result, lines, n)) /* an array may have been made, too */
        goto done;
    for (size_t i = 0; i < n; i++) {
        if (!counts(lines, n, i) || appends(lines[i].pointer))
            continue;
        struct json now = json_at(result, lines[i].pointer);
        if (lines[i].raw.ptr) {
            MUST(json_parse(lines[i].raw, "the value", &value, NULL) == 0);
            MUST(json_equal(now, value));
        } else {
            MUST(!json_exists(now));
        }
    }
    buf_puts(&pointer, "");
    check_kept(root, result, &pointer, lines, n, 0);
    MUST(apply(lines, n, false, result, &again) == 0);
    if (str_eq(buf_str(&out), buf_str(&again)))
        goto done;
    /* A container was set over one in a style that no longer is the document's: then at least the meaning stays. */
    MUST(json_parse(buf_str(&again), "the result", &value, NULL) == 0);
    MUST(json_equal(value, result));
done:
    buf_free(&out);
    buf_free(&again);
    buf_free(&pointer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = str_n((const char *)data, size);
    struct str first = take_line(&rest);
    size_t len = 0;
    for (size_t i = 0; i < first.len && i < 6 && first.ptr[i] >= '0' && first.ptr[i] <= '9'; i++)
        len = len * 10 + (size_t)(first.ptr[i] - '0');
    if (len > rest.len)
        len = rest.len;
    struct json root;
    if (json_parse(str_n(rest.ptr, len), "the document", &root, NULL))
        return 0;
    struct line lines[EDITS_MAX];
    size_t n = read_lines(str_n(rest.ptr + len, rest.len - len), lines);
    check(root, lines, n);
    for (size_t i = 0; i < n; i++)
        free(lines[i].pointer);
    return 0;
}
