/* SPDX-License-Identifier: Apache-2.0 */
/* Reading an answer's headers: dates, Retry-After, warnings. */
#include "http/answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* A year: beyond it a server is joking, and milliseconds could overflow. */
#define RETRY_AFTER_MOST_S INT64_C(31536000)

int64_t http_date_read(const char *value)
{
    if (!value)
        return 0;
    time_t seconds = curl_getdate(value, NULL);
    return seconds > 0 ? (int64_t)seconds : 0;
}

/* Decimal digits and nothing else; false: no number. Past `most` it is `most`. */
static bool read_number(const char *text, int64_t most, int64_t *out)
{
    int64_t n = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        n = n > (most - 9) / 10 ? most : n * 10 + (*text - '0');
    }
    *out = n;
    return true;
}

int64_t retry_after_read(const char *value, int64_t date)
{
    if (!value)
        return -1;
    int64_t seconds;
    if (read_number(value, RETRY_AFTER_MOST_S, &seconds))
        return seconds * 1000;
    int64_t when = http_date_read(value);
    if (!when)
        return -1;
    seconds = when - (date ? date : clock_seconds(NULL));
    if (seconds < 0)
        return 0;
    return (seconds > RETRY_AFTER_MOST_S ? RETRY_AFTER_MOST_S : seconds) * 1000;
}

int64_t content_length_read(const struct answer_headers *headers)
{
    int64_t length;
    const char *value = answer_headers_find(headers, "Content-Length", NULL);
    if (!value || answer_headers_find(headers, "Transfer-Encoding", NULL) || !read_number(value, INT64_MAX, &length))
        return -1;
    return length;
}

static const char *skip_word(const char *at)
{
    while (*at && *at != ' ' && *at != ',')
        at++;
    while (*at == ' ')
        at++;
    return at;
}

/* A quoted string at `at`: appended without quotes and backslashes. Returns what follows,
 * or NULL where it has no such word. */
static const char *unquote(struct buf *out, const char *at)
{
    if (*at != '"')
        return NULL;
    for (at++; *at && *at != '"'; at++) {
        if (*at == '\\' && at[1])
            at++;
        buf_putc(out, *at);
    }
    return *at ? at + 1 : NULL;
}

/* 299 - "text" "optional date", 299 - "another": appends "text\0another\0". What does not read so is taken as it
 * stands. */
static size_t read_one(struct buf *out, const char *value)
{
    size_t count = 0;
    const char *at = value;
    while (*at) {
        size_t mark = out->len;
        const char *text = skip_word(skip_word(at));
        const char *rest = unquote(out, text);
        if (!rest) {
            out->len = mark;
            buf_puts(out, at);
            rest = "";
        }
        buf_putc(out, '\0');
        count++;
        rest += strspn(rest, " ");
        if (*rest == '"') { /* a date, which has a comma of its own */
            const char *end = strchr(rest + 1, '"');
            rest = end ? end : "";
        }
        at = rest + strcspn(rest, ",");
        while (*at == ',' || *at == ' ')
            at++;
    }
    return count;
}

int warnings_read(struct warnings *warnings, const struct answer_headers *headers)
{
    static const char *const none[1];
    *warnings = (struct warnings){.texts = none};
    struct buf text = BUF_INIT;
    size_t count = 0;
    for (const char *value = NULL; (value = answer_headers_find(headers, "Warning", value));)
        count += read_one(&text, value);
    if (count == 0)
        return 0;
    size_t table = (count + 1) * sizeof(char *);
    if (!text.failed)
        warnings->memory = malloc(table + text.len);
    if (warnings->memory) {
        const char **texts = warnings->memory;
        char *at = memcpy((char *)warnings->memory + table, text.ptr, text.len);
        for (size_t i = 0; i < count; i++, at += strlen(at) + 1)
            texts[i] = at;
        texts[count] = NULL;
        warnings->texts = texts;
    }
    buf_free(&text);
    return warnings->memory ? 0 : ERR_NOMEM;
}

void warnings_free(struct warnings *warnings)
{
    free(warnings->memory);
    *warnings = (struct warnings){0};
}
