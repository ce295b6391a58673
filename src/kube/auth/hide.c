#include "kube/auth/hide.h"

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
