/* SPDX-License-Identifier: Apache-2.0 */
/* One line of the log: put together whole, then written. */
#include "base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/log_fold.h"
#include "base/log_journal.h"
#include "base/log_levels.h"
#include "base/log_parts.h"
#include "base/outlet.h"
#include "base/visible.h"

#define ALIGNED 40 /* columns of a terminal for the sentence, where it is not longer */

const char log_json_next[] = "", log_lines_next[] = "", log_quiet_next[] = "", log_journal_next[] = "";

static const char *const names[] = {"debug", "info", "warn", "error"};
static const char *const colours[] = {"\033[2m", "\033[32m", "\033[33m", "\033[31m"};

void log_init(struct log *log, int fd, const struct clock *clock)
{
    *log = (struct log){.fd = fd, .level = LOG_INFO, .format = LOG_TEXT, .clock = clock};
}

bool log_level_parse(const char *text, enum log_level *level)
{
    for (int i = LOG_DEBUG; i <= LOG_ERROR; i++) {
        if (strcmp(text, names[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

/* What is neither a quote nor a line's end. */
static void add_character(struct buf *out, struct str bytes, uint32_t c)
{
    if (c == 0xFFFD)
        buf_puts(out, "\xEF\xBF\xBD");
    else if (visible_is_control(c))
        buf_printf(out, "\\u%04x", (unsigned)c);
    else
        buf_add_str(out, bytes);
}

void log_quote(struct buf *out, const char *text)
{
    buf_putc(out, '"');
    size_t n;
    for (struct str rest = str_of(text); rest.len; rest = str_n(rest.ptr + n, rest.len - n)) {
        uint32_t c;
        n = visible_next(rest, &c);
        if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", (char)c);
        else if (c == '\n')
            buf_puts(out, "\\n");
        else if (c == '\t')
            buf_puts(out, "\\t");
        else
            add_character(out, str_n(rest.ptr, n), c);
    }
    buf_putc(out, '"');
}

static bool plain(const char *text)
{
    size_t n;
    for (struct str rest = str_of(text); rest.len; rest = str_n(rest.ptr + n, rest.len - n)) {
        uint32_t c;
        n = visible_next(rest, &c);
        if (c == ' ' || c == '"' || c == '\\' || c == '=' || c == 0xFFFD || visible_is_control(c))
            return false;
    }
    return *text != '\0';
}

/* The sentence may span lines (a traceback): those that follow are indented,
 * and nothing else in it can start a line. */
static void sentence(struct buf *out, struct str text)
{
    size_t n;
    for (struct str rest = text; rest.len; rest = str_n(rest.ptr + n, rest.len - n)) {
        uint32_t c;
        n = visible_next(rest, &c);
        if (c == '\n')
            buf_puts(out, "\n    ");
        else if (c == '\t')
            buf_puts(out, "  ");
        else
            add_character(out, str_n(rest.ptr, n), c);
    }
}

static void add_field(struct buf *out, const struct log_field *field)
{
    buf_printf(out, " %s=", field->name);
    if (plain(field->value))
        buf_puts(out, field->value);
    else
        log_quote(out, field->value);
}

static void add_lines(struct buf *out, const struct log_field *fields)
{
    for (; fields && fields->name; fields++) {
        if (fields->name != log_lines_next || !(++fields)->value || !fields[-1].value)
            continue;
        struct str lines = str_of(fields[-1].value);
        while (lines.len && lines.ptr[lines.len - 1] == '\n')
            lines.len--;
        buf_puts(out, lines.len ? "\n    " : "");
        sentence(out, lines);
    }
}

/* The sentence and its fields, without a line's end. */
static void add_event(struct buf *out, const struct log *log, const char *message, const struct log_field *fields)
{
    size_t began = out->len;
    sentence(out, str_of(message));
    if (log->colour && fields && fields->name)
        buf_printf(out, "%*s\033[2m", out->len - began < ALIGNED ? (int)(ALIGNED - (out->len - began)) : 0, "");
    for (const struct log_field *f = fields; f && f->name; f++) {
        if (f->name == log_lines_next || f->name == log_quiet_next || f->name == log_journal_next)
            f++;
        else if (f->name != log_json_next && f->value)
            add_field(out, f);
    }
    if (log->colour && fields && fields->name)
        buf_puts(out, "\033[0m");
    add_lines(out, fields);
}

static void write_text(struct buf *out, const struct log *log, enum log_level level, const char *when,
                       const char *message, const struct log_field *fields)
{
    buf_printf(out, "%s %s%-5s%s ", when, log->colour ? colours[level] : "", names[level],
               log->colour ? "\033[0m" : "");
    add_event(out, log, message, fields);
    buf_putc(out, '\n');
}

static void write_when(const struct log *log, char out[40])
{
    int64_t now = clock_now(log->clock);
    time_t seconds = (time_t)(now / CLOCK_SECOND);
    struct tm local;
    clock_format(now, false, out);
    if (log->times == LOG_TIMES_RELATIVE)
        snprintf(out, 40, "%+10.3fs", (double)(now - log->began) / CLOCK_SECOND);
    else if (log->times == LOG_TIMES_LOCAL && localtime_r(&seconds, &local))
        strftime(out, 40, "%Y-%m-%dT%H:%M:%S%z", &local);
}

static bool send_to_journal(const struct log *log, enum log_level level, const char *message,
                            const struct log_field *fields)
{
    struct buf shown = BUF_INIT, entry = BUF_INIT;
    add_event(&shown, log, message, fields);
    log_journal_entry(&entry, level, buf_str(&shown), fields);
    bool sent = !shown.failed && !entry.failed && log_journal_send(log->journal, buf_str(&entry));
    buf_free(&shown);
    buf_free(&entry);
    return sent;
}

/* On one line: what is a control character there stands between values, or, beyond ASCII, in a string. */
static void add_json(struct buf *out, const char *json)
{
    size_t n;
    for (struct str rest = str_of(json); rest.len; rest = str_n(rest.ptr + n, rest.len - n)) {
        uint32_t c;
        n = visible_next(rest, &c);
        if (c < ' ')
            buf_putc(out, ' ');
        else
            add_character(out, str_n(rest.ptr, n), c);
    }
}

static void write_json(struct buf *out, enum log_level level, const char *when, const char *message,
                       const struct log_field *fields)
{
    buf_printf(out, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":", when, names[level]);
    log_quote(out, message);
    for (; fields && fields->name; fields++) {
        bool json = fields->name == log_json_next || fields->name == log_lines_next;
        bool not_here = fields->name == log_journal_next;
        fields += json || not_here || fields->name == log_quiet_next;
        if (!fields->value || not_here)
            continue;
        buf_putc(out, ',');
        log_quote(out, fields->name);
        buf_putc(out, ':');
        if (json)
            add_json(out, fields->value);
        else
            log_quote(out, fields->value);
    }
    buf_puts(out, "}\n");
}

/* A log that cannot be written has nowhere to say so; an outlet counts. */
static void write_line(const struct log *log, enum log_level level, const char *message, const struct log_field *fields,
                       uint64_t untold)
{
    char when[40];
    if (log->format == LOG_JOURNAL && !untold && send_to_journal(log, level, message, fields))
        return;
    clock_format(clock_now(log->clock), false, when);
    if (log->format == LOG_TEXT)
        write_when(log, when);
    struct buf out = BUF_INIT;
    if (log->unfinished && *log->unfinished)
        buf_puts(&out, "\r\033[K");
    if (log->format == LOG_JSON)
        write_json(&out, level, when, message, fields);
    else
        write_text(&out, log, level, when, message, fields);
    struct str line = out.failed ? str_of("error out of memory while logging\n") : buf_str(&out);
    if (untold)
        outlet_tell(log->outlet, line, untold);
    else if (log->outlet)
        outlet_add(log->outlet, line);
    else
        outlet_write_now(log->fd, line.ptr, line.len);
    buf_free(&out);
}

void log_tell_lost(const struct log *log)
{
    uint64_t lost = log->outlet ? outlet_take_untold(log->outlet) : 0;
    char message[96];
    if (!lost)
        return;
    snprintf(message, sizeof message, "%" PRIu64 " lines were lost here: nobody took what is written to standard error",
             lost);
    write_line(log, LOG_WARN, message, NULL, lost);
}

static void let_hear(const struct log *log, enum log_level level, const char *message, const struct log_field *fields)
{
    char when[32];
    struct log plain_one = *log;
    struct buf out = BUF_INIT;
    plain_one.colour = false;
    clock_format(clock_now(log->clock), false, when);
    write_text(&out, &plain_one, level, when, message, fields);
    if (!out.failed)
        log->hear(log->heard, level, message, fields, buf_str(&out));
    buf_free(&out);
}

bool log_wants_of(const char *file, const struct log *log, enum log_level level)
{
    return log && level >= log_level_at(log, file);
}

void log_write(const struct log *log, enum log_level level, const char *message, const struct log_field *fields)
{
    if (log->sink) {
        log->sink(log->data, level, message, fields);
    } else {
        log_tell_lost(log);
        write_line(log, level, message, fields, 0);
    }
    if (log->hear)
        let_hear(log, level, message, fields);
}

void log_event_of(const char *file, const struct log *log, enum log_level level, const char *message,
                  const struct log_field *fields)
{
    if (!log_wants_of(file, log, level))
        return;
    if (log->fold && level > LOG_DEBUG)
        log_fold_event(log, level, message, fields);
    else
        log_write(log, level, message, fields);
}

void log_line_of(const char *file, const struct log *log, enum log_level level, const char *format, ...)
{
    if (!log_wants_of(file, log, level))
        return;
    char text[ERROR_MESSAGE_MAX + 256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    log_event_of(file, log, level, text, NULL);
}
