/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines: a level, a sentence, and fields as name and value. Text for people (one line an event), or one JSON object
 * a line. Written with a single write(2) each, so lines of several threads do not mix. With an outlet nothing waits for
 * the descriptor: what finds no room is lost, and the next line that finds some is preceded by one that says how many
 * were. Values are escaped: a job's name cannot forge a line, nor command a terminal. What is no UTF-8
 * becomes U+FFFD. */
#ifndef MPIJOBD_BASE_LOG_H
#define MPIJOBD_BASE_LOG_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

struct outlet;
struct log_field;

struct log {
    /* Takes the lines instead of fd, where it is set; the texts are valid during the call. */
    void (*sink)(void *data, enum log_level level, const char *message, const struct log_field *fields);
    void *data;
    /* Hears each line besides, as people read it, without colour; valid during the call, which may be on any thread and
     * may not log. NULL: nobody does. */
    void (*hear)(void *heard, enum log_level level, const char *message, const struct log_field *fields,
                 struct str line);
    void *heard;
    int fd;
    struct outlet *outlet; /* NULL: fd is written to here and now */
    enum log_level level;  /* what is below it is left out */
    enum log_format format;
    bool colour;
    const struct clock *clock; /* NULL: the system's */
};

/* A field; value NULL ends the list. log_event(log, LOG_INFO, "changed", LOG_FIELDS({"job", key}, {"effect", e})) */
struct log_field {
    const char *name;
    const char *value; /* NULL: the field is left out */
};

/* A field whose value is JSON, as a number is: in a line of JSON it stands without quotes. NULL leaves it out, too. To
 * be given among those of LOG_FIELDS. */
#define LOG_JSON_FIELD(name, value)                                                                                    \
    {log_json_next, ""},                                                                                               \
    {                                                                                                                  \
        name, value                                                                                                    \
    }
extern const char log_json_next[]; /* as a name: the value of the field behind it is JSON */

/* A field that people read as lines of their own, below the event's line; in a line of JSON it is the JSON. The lines
 * may end with a line's end; NULL shows none. Where json is NULL it is left out of both. */
#define LOG_LINES_FIELD(name, json, lines)                                                                             \
    {log_lines_next, lines},                                                                                           \
    {                                                                                                                  \
        name, json                                                                                                     \
    }
extern const char log_lines_next[]; /* as a name: its value is shown to people in place of the field behind it */

#define LOG_FIELDS(...) ((const struct log_field[]){__VA_ARGS__, {0}})

void log_init(struct log *log, int fd, const struct clock *clock);

/* log may be NULL: nothing is written. fields may be NULL; the list ends at a NULL name. */
void log_event(const struct log *log, enum log_level level, const char *message, const struct log_field *fields);

/* A formatted sentence without fields. */
void log_line(const struct log *log, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* With an outlet: says, where lines have been lost and that was not said yet. Before the outlet is closed. */
void log_tell_lost(const struct log *log);

/* "debug", "info", "warn" or "error" to a level; false: another word. */
bool log_level_parse(const char *text, enum log_level *level);

#endif
