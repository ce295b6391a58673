/* SPDX-License-Identifier: Apache-2.0 */
/* Reads secrets from files, and puts them in their places. */
#include "outside/secrets.h"

#include "base/beneath.h"

bool secret_name_good(struct str name)
{
    if (name.len == 0 || name.len > SECRET_NAME_MAX || name.ptr[0] == '.')
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                    c == '_' || c == '-';
        if (!good)
            return false;
    }
    return true;
}

void secret_veil(struct buf *out, struct str name)
{
    buf_putc(out, '\0');
    buf_add_str(out, name);
    buf_putc(out, '\0');
}

bool secret_template(struct str text, struct buf *out)
{
    if (secret_veiled(text))
        return false;
    while (text.len) {
        const char *open = memmem(text.ptr, text.len, "${", 2);
        size_t before = open ? (size_t)(open - text.ptr) : text.len;
        buf_add(out, text.ptr, before);
        text = str_n(text.ptr + before, text.len - before);
        if (!open)
            break;
        const char *close = memchr(text.ptr, '}', text.len);
        struct str name = str_n(text.ptr + 2, close ? (size_t)(close - text.ptr) - 2 : 0);
        if (!secret_name_good(name))
            return false;
        secret_veil(out, name);
        text = str_n(close + 1, text.len - (size_t)(close + 1 - text.ptr));
    }
    return true;
}

bool secret_veiled(struct str text)
{
    return text.len && memchr(text.ptr, '\0', text.len);
}

/* The next piece of the text, which is moved on: a literal, or a secret's name. False: the text has ended. */
static bool next_piece(struct str *rest, struct str *piece, bool *name)
{
    if (!rest->len)
        return false;
    *name = rest->ptr[0] == '\0';
    const char *from = rest->ptr + *name;
    size_t left = rest->len - *name;
    const char *end = left ? memchr(from, '\0', left) : NULL;
    *piece = str_n(from, end ? (size_t)(end - from) : left);
    size_t used = *name + piece->len + (*name && end);
    *rest = str_n(rest->ptr + used, rest->len - used);
    return true;
}

void secret_show(struct buf *out, struct str veiled)
{
    struct str piece;
    bool name;
    while (next_piece(&veiled, &piece, &name)) {
        buf_puts(out, name ? "secret(\"" : "");
        buf_add_str(out, piece);
        buf_puts(out, name ? "\")" : "");
    }
}

static int read_from(const char *folder, const char *name, struct buf *value, struct error *err)
{
    if (!folder || !*folder)
        return error_set(err, ERR_NOT_FOUND, "there is no folder of secrets");
    return beneath_read(value, folder, name, SECRET_VALUE_MAX, err);
}

static int read_value(const struct secrets *s, const char *name, struct buf *value, struct error *err)
{
    struct error first;
    int rc = read_from(s->folder, name, value, &first);
    if (rc == ERR_NOT_FOUND)
        rc = read_from(s->credentials, name, value, err);
    else if (rc && err)
        *err = first;
    if (rc == ERR_NOT_FOUND)
        return error_set(err, rc,
                         "there is no secret \"%s\": put it into a file of this name in the folder `secrets` of "
                         "mpijobd.yaml%s%s, or give it to the service with LoadCredential=",
                         name, s->folder ? ", " : "", s->folder ? s->folder : "");
    if (rc)
        return error_prefix(err, "secret \"%s\"", name);
    struct str text = str_n(value->ptr, value->len);
    while (text.len && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r'))
        text.len--;
    if (!text.len)
        return error_set(err, ERR_INVALID, "secret \"%s\": its file is empty", name);
    if (memchr(text.ptr, '\0', text.len))
        return error_set(err, ERR_INVALID, "secret \"%s\": its file holds a NUL byte, so it is no text", name);
    value->len = text.len;
    return 0;
}

int secrets_fill(const struct secrets *s, struct str veiled, struct buf *out, struct error *err)
{
    struct str piece;
    bool is_name;
    while (next_piece(&veiled, &piece, &is_name)) {
        struct buf value = {.secret = true};
        char name[SECRET_NAME_MAX + 1] = "";
        int rc = 0;
        if (is_name) {
            memcpy(name, piece.ptr, piece.len < SECRET_NAME_MAX ? piece.len : SECRET_NAME_MAX);
            rc = read_value(s, name, &value, err);
            piece = buf_str(&value);
        }
        if (!rc)
            buf_add_str(out, piece);
        buf_free(&value);
        if (rc)
            return rc;
    }
    buf_reserve(out, 0);
    return buf_result(out, "a text with secrets", err);
}
