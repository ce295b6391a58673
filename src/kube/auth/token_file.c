#include "kube/auth/token_file.h"

#define TOKEN_MAX (256u << 10)

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

int token_file_read(const char *path, const char *what_it_is, struct buf *out, struct error *err)
{
    struct buf text = {.secret = true}, what = BUF_INIT;
    out->secret = true;
    buf_printf(&what, "%s %s", what_it_is, path);
    int rc = what.failed ? error_nomem(err) : buf_read_file(&text, path, TOKEN_MAX, err);
    struct str token = str_trim(buf_str(&text));
    if (!rc)
        rc = token_check(token, what.ptr, err);
    if (!rc) {
        buf_reset(out);
        buf_add_str(out, token);
        rc = out->failed ? error_nomem(err) : 0;
    }
    buf_free(&text);
    buf_free(&what);
    return rc;
}
