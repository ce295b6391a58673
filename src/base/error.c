/* SPDX-License-Identifier: Apache-2.0 */
/* An error filled, completed, and kept. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *error_reason(int code)
{
    switch (code) {
    case ERR_NOMEM:
        return "OutOfMemory";
    case ERR_SYNTAX:
        return "Syntax";
    case ERR_INVALID:
        return "Invalid";
    case ERR_NOT_FOUND:
        return "NotFound";
    case ERR_IO:
        return "IO";
    case ERR_LIMIT:
        return "Limit";
    case ERR_TIMEOUT:
        return "Timeout";
    case ERR_UNREACHABLE:
        return "Unreachable";
    case ERR_CANCELLED:
        return "Cancelled";
    case ERR_HTTP:
        return "HTTP";
    case ERR_PROTOCOL:
        return "Protocol";
    case ERR_CONFLICT:
        return "Conflict";
    case ERR_DROPPED:
        return "Dropped";
    case ERR_REFUSED:
        return "Refused";
    case ERR_SCRIPT:
        return "Script";
    default:
        return "Unknown";
    }
}

/* A message that did not fit ends in "..." at the end of a whole UTF-8 character. */
static void mark_cut(char *text, size_t size)
{
    size_t end = size - 4;
    while (end > 0 && ((unsigned char)text[end] & 0xC0) == 0x80)
        end--;
    memcpy(text + end, "...", 4);
}

static void setv(struct error *err, int code, const char *format, va_list args)
{
    char text[ERROR_MESSAGE_MAX]; /* the arguments may point into err itself */
    if (vsnprintf(text, sizeof text, format, args) >= (int)sizeof text)
        mark_cut(text, sizeof text);
    err->code = code;
    err->status = 0;
    err->no_path = false;
    err->retryable = code == ERR_TIMEOUT || code == ERR_UNREACHABLE;
    snprintf(err->reason, sizeof err->reason, "%s", error_reason(code));
    memcpy(err->message, text, sizeof text);
}

int error_set(struct error *err, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (err)
        setv(err, code, format, args);
    va_end(args);
    return code;
}

int error_set_status(struct error *err, int code, int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (err) {
        setv(err, code, format, args);
        err->status = status;
    }
    va_end(args);
    return code;
}

void error_set_retryable(struct error *err, bool retryable)
{
    if (err)
        err->retryable = retryable;
}

int error_prefix(struct error *err, const char *format, ...)
{
    if (!err)
        return ERR_INVALID;
    char text[ERROR_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n < 0 || n >= (int)sizeof text - 3)
        return err->code;
    int m = snprintf(text + n, sizeof text - (size_t)n, ": %s", err->message);
    if (n + m >= (int)sizeof text)
        mark_cut(text, sizeof text);
    memcpy(err->message, text, sizeof text);
    return err->code;
}

int error_append(struct error *err, const char *format, ...)
{
    if (!err)
        return ERR_INVALID;
    char text[ERROR_MESSAGE_MAX]; /* the arguments may point into err itself */
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t n = strlen(err->message), room = sizeof err->message - n;
    if (snprintf(err->message + n, room, "%s", text) >= (int)room)
        mark_cut(err->message, sizeof err->message);
    return err->code;
}

void error_keep(const struct error **kept, const struct error *err)
{
    static const struct error no_memory = {.code = ERR_NOMEM, .reason = "OutOfMemory", .message = "out of memory"};
    struct error *own = *kept == &no_memory ? NULL : (struct error *)*kept;
    if (!err || !err->code) {
        free(own);
        *kept = NULL;
        return;
    }
    if (!own)
        own = malloc(sizeof *own);
    if (own && own != err)
        *own = *err;
    *kept = own ? own : &no_memory;
}

int error_nomem(struct error *err)
{
    return error_set(err, ERR_NOMEM, "out of memory");
}

void error_clear(struct error *err)
{
    if (err)
        memset(err, 0, sizeof *err);
}
