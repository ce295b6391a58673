/* SPDX-License-Identifier: Apache-2.0 */
/* The json floor as a filter, for a test in another language: requests on stdin, an answer to each on stdout.
 *
 * request: operation (1 byte), number of fields (u32), each field as length (u32) and bytes
 * answer:  code (i32), length (u32), bytes: the result, or the error's message
 *
 * E document, then pointer and raw value, or pointer and nothing (an empty field) to remove: the edited document
 * D number: the double, as hexadecimal digits of its bits      I number: the integer in decimal; ERR_INVALID: it is
 * none S string: its decoded bytes                                  Q two documents: "1" where equal, else "0" A
 * document, pointer: the raw value there                     C, P document: compact, pretty W bits of a double in
 * hexadecimal: its text                  T text: quoted All integers little-endian. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/edit.h"
#include "json/style.h"
#include "json/write.h"

#define FIELDS_MAX 512

struct request {
    char operation;
    size_t count;
    struct buf fields[FIELDS_MAX];
};

static bool read_u32(size_t *out)
{
    unsigned char bytes[4];
    if (fread(bytes, 1, 4, stdin) != 4)
        return false;
    *out = (size_t)bytes[0] | (size_t)bytes[1] << 8 | (size_t)bytes[2] << 16 | (size_t)bytes[3] << 24;
    return true;
}

static bool read_request(struct request *r)
{
    int c = getchar();
    r->operation = (char)c;
    if (c == EOF || !read_u32(&r->count) || r->count > FIELDS_MAX)
        return false;
    for (size_t i = 0; i < r->count; i++) {
        size_t len;
        buf_reset(&r->fields[i]);
        if (!read_u32(&len) || buf_reserve(&r->fields[i], len) || fread(r->fields[i].ptr, 1, len, stdin) != len)
            return false;
        r->fields[i].len = len;
        r->fields[i].ptr[len] = '\0';
    }
    return true;
}

static void answer(int rc, struct str text)
{
    uint32_t code = (uint32_t)rc, len = (uint32_t)text.len;
    unsigned char head[8];
    for (int i = 0; i < 4; i++) {
        head[i] = (unsigned char)(code >> 8 * i);
        head[4 + i] = (unsigned char)(len >> 8 * i);
    }
    fwrite(head, 1, sizeof head, stdout);
    fwrite(text.ptr, 1, text.len, stdout);
}

/* A copy of exactly the document's size, so that a sanitizer sees each byte read past its end. */
static char *exact(const struct buf *b)
{
    char *copy = malloc(b->len ? b->len : 1);
    if (!copy)
        abort();
    memcpy(copy, b->ptr, b->len);
    return copy;
}

static int edit(const struct request *r, struct json root, struct buf *out, struct error *err)
{
    struct json_edits edits = {0};
    for (size_t i = 1; i + 1 < r->count; i += 2) {
        if (r->fields[i + 1].len)
            json_edit_set(&edits, r->fields[i].ptr, buf_str(&r->fields[i + 1]));
        else
            json_edit_remove(&edits, r->fields[i].ptr);
    }
    int rc = json_edit_apply(&edits, root, out, err);
    json_edits_free(&edits);
    return rc;
}

static int number(char operation, struct json root, struct buf *out, struct error *err)
{
    double d = 0;
    uint64_t bits;
    int64_t n = 0;
    if (operation == 'I') {
        if (!json_int64(root, &n))
            return error_set(err, ERR_INVALID, "no integer");
        buf_printf(out, "%" PRId64, n);
        return 0;
    }
    if (!json_double(root, &d))
        return error_set(err, ERR_INVALID, "no number");
    memcpy(&bits, &d, sizeof bits);
    buf_printf(out, "%016" PRIx64, bits);
    return 0;
}

static void write_text(const struct request *r, struct buf *out)
{
    if (r->operation == 'T') {
        json_quote(out, buf_str(&r->fields[0]));
        return;
    }
    uint64_t bits = strtoull(r->fields[0].ptr, NULL, 16);
    double d;
    memcpy(&d, &bits, sizeof d);
    struct json_writer w;
    json_writer_init(&w, out);
    json_write_double(&w, d);
}

static int equal(const struct request *r, struct json root, struct buf *out, struct error *err)
{
    char *text = exact(&r->fields[1]);
    struct json other;
    int rc = json_parse(str_n(text, r->fields[1].len), "the other", &other, err);
    if (!rc)
        buf_puts(out, json_equal(root, other) ? "1" : "0");
    free(text);
    return rc;
}

static int perform(const struct request *r, struct buf *out, struct error *err)
{
    if (r->operation == 'T' || r->operation == 'W') {
        write_text(r, out);
        return 0;
    }
    char *text = exact(&r->fields[0]);
    struct json root;
    int rc = json_parse(str_n(text, r->fields[0].len), "the document", &root, err);
    if (!rc) {
        switch (r->operation) {
        case 'E':
            rc = edit(r, root, out, err);
            break;
        case 'S':
            rc = json_decode(root, out) ? 0 : error_set(err, ERR_INVALID, "no string");
            break;
        case 'Q':
            rc = equal(r, root, out, err);
            break;
        case 'A':
            buf_add_str(out, json_at(root, r->fields[1].ptr).text);
            break;
        case 'C':
            json_layout(out, root, &json_style_compact);
            break;
        case 'P':
            json_pretty(out, root);
            break;
        default:
            rc = number(r->operation, root, out, err);
        }
    }
    free(text);
    return rc;
}

int main(void)
{
    static struct request r;
    struct buf out = BUF_INIT;
    while (read_request(&r)) {
        struct error err = {0};
        buf_reset(&out);
        int rc = perform(&r, &out, &err);
        answer(rc, rc ? str_of(err.message) : buf_str(&out));
    }
    for (size_t i = 0; i < FIELDS_MAX; i++)
        buf_free(&r.fields[i]);
    buf_free(&out);
    return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
