/* SPDX-License-Identifier: Apache-2.0 */
/* The last lines of the log. */
#include "control/verbs/lines.h"
#include "control/verbs/parts.h"

static void write_line(void *data, int64_t number, const struct line *line)
{
    static const char *const levels[] = {
        [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};
    struct json_writer *w = data;
    json_write_object(w);
    write_number(w, "line", number);
    write_text(w, "level", levels[line->level]);
    write_text(w, "text", line->text);
    if (line->repeated)
        write_number(w, "repeated", line->repeated);
    json_write_end(w);
}

static void take_log(void *data, struct control_request *r, struct json args)
{
    const struct verbs *v = data;
    struct buf out = BUF_INIT;
    struct json_writer w;
    struct error err;
    int64_t after = 0;
    struct json given = json_get(args, "after");
    if (json_exists(given) && (!json_int64(given, &after) || after < 0)) {
        error_set(&err, ERR_INVALID, "after has to be the number of a line");
        control_fail(r, &err);
        return;
    }
    json_writer_init(&w, &out);
    json_write_object(&w);
    json_write_key(&w, "items");
    json_write_array(&w);
    if (v->o.lines)
        lines_each_last(v->o.lines, after, write_line, &w);
    json_write_end(&w);
    answer_with(r, &w);
}

const struct control_verb log_verbs[] = {{"log", CONTROL_READS, take_log}, {NULL, CONTROL_READS, NULL}};
