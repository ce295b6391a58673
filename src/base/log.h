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
enum log_format { LOG_TEXT, LOG_JSON, LOG_JOURNAL };
enum log_times { LOG_TIMES_UTC, LOG_TIMES_LOCAL, LOG_TIMES_RELATIVE }; /* of text */

struct outlet;
struct log_field;
struct log_fold;
struct log_levels;

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
    struct outlet *outlet;     /* NULL: fd is written to here and now */
    enum log_level level;      /* what is below it is left out */
    struct log_levels *levels; /* NULL; or by part, where something is set there (base/log_levels.h) */
    struct log_fold *fold;     /* NULL; or what counts lines that repeat (base/log_fold.h); not with a sink */
    enum log_format format;
    enum log_times times;
    int64_t began; /* microseconds since 1970: what relative times count from */
    int journal;   /* of LOG_JOURNAL: the socket (base/log_journal.h); what it does not take is written as text */
    bool colour;   /* and aligned, for a terminal */
    /* True: on the terminal may stand a line without an end, which each line wipes away. NULL: there never is one. */
    const bool *unfinished;
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

/* A field for programs, of which people know the value anyhow: it stands in lines of JSON and in journald. */
#define LOG_QUIET_FIELD(name, value)                                                                                   \
    {log_quiet_next, ""},                                                                                              \
    {                                                                                                                  \
        name, value                                                                                                    \
    }
extern const char log_quiet_next[]; /* as a name: the field behind it is not shown to people */

#define LOG_FIELDS(...) ((const struct log_field[]){__VA_ARGS__, {0}})

void log_init(struct log *log, int fd, const struct clock *clock);

/* log_event(log, level, message, fields): log may be NULL: nothing is written. fields may be NULL; the list ends at a
 * NULL name. The source in which it stands is its part. */
#define log_event(...) log_event_of(__FILE__, __VA_ARGS__)
void log_event_of(const char *file, const struct log *log, enum log_level level, const char *message,
                  const struct log_field *fields);

/* log_line(log, level, format, ...): a formatted sentence without fields. */
#define log_line(...) log_line_of(__FILE__, __VA_ARGS__)
void log_line_of(const char *file, const struct log *log, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Would a line of this source be written? For what is costly to put together. */
#define log_wants(log, level) log_wants_of(__FILE__, log, level)
bool log_wants_of(const char *file, const struct log *log, enum log_level level);

/* With an outlet: says, where lines have been lost and that was not said yet. Before the outlet is closed. */
void log_tell_lost(const struct log *log);

/* "debug", "info", "warn" or "error" to a level; false: another word. */
bool log_level_parse(const char *text, enum log_level *level);

#endif
