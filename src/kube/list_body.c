/* SPDX-License-Identifier: Apache-2.0 */
/* The outermost object of a list, read byte by byte; what is inside its values is json_parse's to judge. */
#include "kube/list_body.h"

#define KEPT ((size_t)256 << 10) /* memory of an item that was larger is given back */

enum place { START, KEY_OR_END, KEY, COLON, VALUE, ITEM_OR_END, ITEM, AFTER_ITEM, AFTER_VALUE, END };

void list_body_init(struct list_body *b, size_t item_max)
{
    *b = (struct list_body){.version = BUF_INIT, .continue_token = BUF_INIT};
    buf_init(&b->part, item_max);
}

void list_body_free(struct list_body *b)
{
    buf_free(&b->part);
    buf_free(&b->version);
    buf_free(&b->continue_token);
}

void list_body_reset(struct list_body *b)
{
    buf_reset(&b->part);
    buf_reset(&b->version);
    buf_reset(&b->continue_token);
    b->place = START;
    b->depth = 0;
    b->text = b->escaped = b->items = b->metadata = b->listed = false;
}

static int no_list(const char *why, struct error *err)
{
    return error_set(err, ERR_PROTOCOL, "the answer is no list: %s", why);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* ---- the end of a value ---- */

/* So many of the bytes belong to the string; *over: it ends with them. */
static size_t in_string(struct list_body *b, const char *p, size_t n, bool *over)
{
    for (size_t i = 0; i < n; i++) {
        if (b->escaped)
            b->escaped = false;
        else if (p[i] == '\\')
            b->escaped = true;
        else if (p[i] == '"') {
            *over = true;
            return i + 1;
        }
    }
    return n;
}

/* The same for any value. A number or word ends before what follows it. begun: some bytes of it have come already. */
static size_t in_value(struct list_body *b, const char *p, size_t n, bool begun, bool *over)
{
    for (size_t i = 0; i < n;) {
        char c = p[i];
        if (b->text) {
            bool ends = false;
            i += in_string(b, p + i, n - i, &ends);
            b->text = !ends;
            *over = ends && !b->depth;
        } else if (c == '"') {
            b->text = true;
            i++;
        } else if (c == '{' || c == '[') {
            b->depth++;
            i++;
        } else if (c == '}' || c == ']') {
            if (!b->depth) {
                *over = true;
                return i;
            }
            *over = !--b->depth;
            i++;
        } else if (!b->depth && (c == ',' || is_space(c)) && (begun || i)) {
            *over = true;
            return i;
        } else {
            i++;
        }
        if (*over)
            return i;
    }
    return n;
}

/* ---- what a value is ---- */

static int read_metadata(struct list_body *b, struct json metadata, struct error *err)
{
    buf_reset(&b->version);
    buf_reset(&b->continue_token);
    json_decode(json_get(metadata, "resourceVersion"), &b->version);
    json_decode(json_get(metadata, "continue"), &b->continue_token);
    buf_puts(&b->version, "");
    buf_puts(&b->continue_token, "");
    return b->version.failed || b->continue_token.failed ? error_nomem(err) : 0;
}

static int took_key(struct list_body *b, struct json key, struct error *err)
{
    if (json_type(key) != JSON_STRING)
        return no_list("a key of it is no text", err);
    b->items = json_string_is(key, str_of("items"));
    b->metadata = json_string_is(key, str_of("metadata"));
    b->place = COLON;
    if (b->items && b->listed)
        return no_list("it has items twice", err);
    return 0;
}

static int took_value(struct list_body *b, struct json value, struct error *err)
{
    b->place = AFTER_VALUE;
    if (b->items && json_type(value) != JSON_NULL) /* Go writes a list that was never filled as null */
        return no_list("its items are no array", err);
    b->listed = b->listed || b->items;
    return b->metadata ? read_metadata(b, value, err) : 0;
}

static int took_item(struct list_body *b, struct json item, bool (*give)(void *, struct json), void *data, bool *more,
                     struct error *err)
{
    if (json_type(item) != JSON_OBJECT)
        return no_list("an item of it is no object", err);
    b->place = AFTER_ITEM;
    *more = give(data, item);
    return 0;
}

static int take(struct list_body *b, struct str text, bool (*give)(void *, struct json), void *data, bool *more,
                struct error *err)
{
    struct json value;
    struct error why;
    int rc = json_parse(text, "a part of it", &value, &why);
    if (rc == ERR_NOMEM)
        return error_nomem(err);
    if (rc)
        return no_list(why.message, err);
    if (b->place == KEY)
        return took_key(b, value, err);
    return b->place == VALUE ? took_value(b, value, err) : took_item(b, value, give, data, more, err);
}

static void empty_part(struct list_body *b)
{
    if (b->part.cap > KEPT)
        buf_free(&b->part);
    else
        buf_reset(&b->part);
}

/* ---- between the values ---- */

/* What a byte between two values means; false: it does not belong there. A byte with which a value begins is not taken:
 * *begins. */
static bool step(struct list_body *b, char c, bool *begins)
{
    switch ((enum place)b->place) {
    case START:
        b->place = KEY_OR_END;
        return c == '{';
    case KEY_OR_END:
        if (c == '}') {
            b->place = END;
            return true;
        }
        b->place = KEY;
        return *begins = c == '"';
    case COLON:
        b->place = VALUE;
        return c == ':';
    case VALUE:
        if (b->items && c == '[') {
            b->listed = true;
            b->place = ITEM_OR_END;
            return true;
        }
        return *begins = c != ',' && c != '}' && c != ']';
    case ITEM_OR_END:
        if (c == ']') {
            b->place = AFTER_VALUE;
            return true;
        }
        b->place = ITEM;
        return *begins = c == '{';
    case KEY:
        return *begins = c == '"';
    case ITEM:
        return *begins = c == '{';
    case AFTER_ITEM:
        b->place = c == ',' ? ITEM : AFTER_VALUE;
        return c == ',' || c == ']';
    case AFTER_VALUE:
        b->place = c == ',' ? KEY : END;
        return c == ',' || c == '}';
    case END:
        break;
    }
    return false;
}

static int keep_part(struct list_body *b, const char *bytes, size_t n, struct error *err)
{
    buf_add(&b->part, bytes, n);
    if (b->part.failed == ERR_LIMIT)
        return error_set(err, ERR_LIMIT, "an item of the list is longer than the limit of %zu bytes", b->part.max);
    return b->part.failed ? error_nomem(err) : 0;
}

/* Reads on in a value that has begun. *used: so many bytes were of it. */
static int go_on(struct list_body *b, const char *bytes, size_t n, size_t *used, bool (*give)(void *, struct json),
                 void *data, bool *more, struct error *err)
{
    bool over = false, whole = !b->part.len;
    *used = in_value(b, bytes, n, !whole, &over);
    if (over && whole) { /* it lies in these bytes from end to end */
        if (*used > b->part.max && b->part.max)
            return keep_part(b, bytes, *used, err);
        return take(b, str_n(bytes, *used), give, data, more, err);
    }
    int rc = keep_part(b, bytes, *used, err);
    if (rc || !over)
        return rc;
    rc = take(b, buf_str(&b->part), give, data, more, err);
    if (*more)
        empty_part(b);
    return rc;
}

int list_body_feed(struct list_body *b, const char *bytes, size_t n, bool (*item)(void *data, struct json item),
                   void *data, bool *more, struct error *err)
{
    int rc = 0;
    *more = true;
    while (n && !rc && *more) {
        bool begins = b->part.len != 0;
        size_t used = 0;
        if (!begins && !is_space(*bytes) && !step(b, *bytes, &begins))
            return no_list("it is no JSON object with items", err);
        if (begins)
            rc = go_on(b, bytes, n, &used, item, data, more, err);
        else
            used = 1;
        bytes += used;
        n -= used;
    }
    return rc;
}

int list_body_end(const struct list_body *b, struct error *err)
{
    if (b->place != END)
        return no_list("it is cut short", err);
    return b->listed ? 0 : no_list("it has no items", err);
}
