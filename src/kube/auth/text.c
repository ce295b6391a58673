/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that come from elsewhere: checked as tokens, and cleaned before they are shown. */
#include "kube/auth/text.h"

int token_check(struct str token, const char *what, struct error *err)
{
    if (!token.len)
        return error_set(err, ERR_INVALID, "%s is empty", what);
    for (size_t i = 0; i < token.len; i++) {
        if ((unsigned char)token.ptr[i] <= ' ' || (unsigned char)token.ptr[i] >= 0x7f)
            return error_set(err, ERR_INVALID, "%s holds no token: byte %zu of it cannot stand in a header", what,
                             i + 1);
    }
    return 0;
}

void auth_hide(struct buf *text, struct str secret)
{
    for (char *at = text->ptr;
         secret.len && text->len && (at = memmem(at, (size_t)(text->ptr + text->len - at), secret.ptr, secret.len));
         at += secret.len)
        memset(at, '*', secret.len);
}

void auth_one_line(struct buf *out, struct str text)
{
    text = str_trim(text);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '\n' && out->len)
            buf_puts(out, " | ");
        else
            buf_putc(out, c < ' ' || c == 0x7f ? ' ' : (char)c);
    }
}
