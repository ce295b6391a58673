/* SPDX-License-Identifier: Apache-2.0 */
/* A request's header lines for libcurl, and an answer's as they arrive. */
#include "http/headers.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_token(const char *name)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    if (!*name)
        return false;
    for (; *name; name++) {
        char c = *name;
        bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!alphanumeric && !strchr(others, c))
            return false;
    }
    return true;
}

static bool has(const struct http_header *headers, const char *name)
{
    for (; headers && headers->name; headers++) {
        if (strcasecmp(headers->name, name) == 0)
            return true;
    }
    return false;
}

static int check(const struct http_header *headers, struct error *err)
{
    for (; headers && headers->name; headers++) {
        if (!is_token(headers->name))
            return error_set(err, ERR_INVALID, "\"%s\" cannot be a header's name", headers->name);
        if (!headers->value)
            return error_set(err, ERR_INVALID, "the header %s has no value", headers->name);
        for (const unsigned char *p = (const unsigned char *)headers->value; *p; p++) {
            if ((*p < 0x20 && *p != '\t') || *p == 0x7F)
                return error_set(err, ERR_INVALID, "the header %s has a control character (a line end?) in its value",
                                 headers->name);
        }
    }
    return 0;
}

/* "Name: value"; "Name;" is libcurl's way to write an empty value, and "Name:" to have the header left out. */
static size_t line_size(const struct http_header *header)
{
    return strlen(header->name) + 2 + (header->value ? strlen(header->value) : 0) + 1;
}

static char *write_line(char *at, const struct http_header *header)
{
    at = stpcpy(at, header->name);
    if (!header->value)
        at = stpcpy(at, ":");
    else if (!*header->value)
        at = stpcpy(at, ";");
    else
        at = stpcpy(stpcpy(at, ": "), header->value);
    return at + 1;
}

struct writer {
    struct curl_slist *nodes;
    size_t count;
    char *text;
};

static void write_header(struct writer *writer, const struct http_header *header)
{
    struct curl_slist *node = &writer->nodes[writer->count++];
    *node = (struct curl_slist){.data = writer->text};
    if (writer->count > 1)
        node[-1].next = node;
    writer->text = write_line(writer->text, header);
}

int header_lines_build(struct header_lines *lines, const struct http_header *headers, const struct http_header *ours,
                       struct error *err)
{
    *lines = (struct header_lines){0};
    int rc = check(headers, err);
    if (rc)
        return rc;
    size_t count = 0, size = 0;
    for (const struct http_header *h = headers; h && h->name; h++, count++)
        size += line_size(h);
    for (const struct http_header *h = ours; h->name; h++, count++)
        size += line_size(h);
    lines->size = count * sizeof(struct curl_slist) + size;
    lines->memory = malloc(lines->size);
    if (!lines->memory)
        return error_nomem(err);
    struct writer writer = {.nodes = lines->memory, .text = (char *)lines->memory + count * sizeof(struct curl_slist)};
    for (const struct http_header *h = headers; h && h->name; h++)
        write_header(&writer, h);
    for (const struct http_header *h = ours; h->name; h++) {
        if (!has(headers, h->name))
            write_header(&writer, h);
    }
    lines->first = writer.count ? writer.nodes : NULL;
    return 0;
}

void header_lines_free(struct header_lines *lines)
{
    if (lines->memory)
        secret_wipe(lines->memory, lines->size);
    free(lines->memory);
    *lines = (struct header_lines){0};
}

void answer_headers_init(struct answer_headers *headers)
{
    *headers = (struct answer_headers){0};
    buf_init(&headers->text, ANSWER_HEADERS_MAX);
    headers->text.secret = true; /* an IAM's token comes in one */
}

void answer_headers_free(struct answer_headers *headers)
{
    buf_free(&headers->text);
}

int answer_headers_line(struct answer_headers *headers, const char *line, size_t n)
{
    struct buf *text = &headers->text;
    struct str s = str_n(line, n);
    if (str_starts(s, "HTTP/")) {
        buf_reset(text); /* after a 100 Continue the real one follows */
        headers->complete = false;
        return 0;
    }
    if (headers->complete)
        return 0; /* trailers say nothing that we ask for, and must not pass for headers */
    struct str whole = str_trim(s);
    if (whole.len == 0) {
        headers->complete = true;
        return 0;
    }
    const char *colon = memchr(whole.ptr, ':', whole.len);
    if ((line[0] == ' ' || line[0] == '\t') && text->len) { /* a value that goes on in the next line */
        text->len--;
        buf_putc(text, ' ');
        buf_add_str(text, whole);
    } else if (colon) {
        size_t name = (size_t)(colon - whole.ptr);
        buf_add_str(text, str_trim(str_n(whole.ptr, name)));
        buf_putc(text, '\0');
        buf_add_str(text, str_trim(str_n(colon + 1, whole.len - name - 1)));
    } else {
        return 0;
    }
    buf_putc(text, '\0');
    return text->failed;
}

const char *answer_headers_find(const struct answer_headers *headers, const char *name, const char *previous)
{
    const char *at = headers->text.ptr, *end = at + headers->text.len;
    if (previous)
        at = previous + strlen(previous) + 1;
    while (at < end) {
        const char *value = at + strlen(at) + 1;
        if (value >= end) /* a server's NUL has shifted name and value */
            return NULL;
        if (strcasecmp(at, name) == 0)
            return value;
        at = value + strlen(value) + 1;
    }
    return NULL;
}
