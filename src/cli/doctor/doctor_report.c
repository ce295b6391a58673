/* SPDX-License-Identifier: Apache-2.0 */
/* The report: for people a line as soon as a check has ended, for programs all of it at the end. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/doctor/doctor.h"
#include "json/write.h"

static const char *const names[DOCTOR_STATUSES] = {"ok", "warning", "failed", "skipped"};
static const char *const colours[DOCTOR_STATUSES] = {"\033[32m", "\033[33m", "\033[31m", "\033[2m"};

/* Makes one line of it, whatever a server put into its message. */
static void flatten(char *text)
{
    for (char *p = text; p && *p; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7F)
            *p = ' ';
    }
}

static void print_line(const struct doctor *d, const struct doctor_line *line)
{
    const char *on = d->colour ? colours[line->status] : "", *off = d->colour ? "\033[0m" : "";
    printf("%s%-8s%s %-19s %s%s%s\n", on, names[line->status], off, line->check, line->cluster ? line->cluster : "",
           line->cluster ? ": " : "", line->message);
    if (line->cure)
        printf("%-28s -> %s\n", "", line->cure);
    fflush(stdout);
}

void doctor_say(struct doctor *d, enum doctor_status status, const char *cure, const char *format, ...)
{
    struct buf message = BUF_INIT;
    va_list args;
    va_start(args, format);
    buf_vprintf(&message, format, args);
    va_end(args);
    struct doctor_line line = {status, d->check, d->cluster, buf_take(&message, NULL),
                               cure ? str_dup(str_of(cure)) : NULL};
    flatten(line.message);
    flatten(line.cure);
    uv_mutex_lock(&d->mutex);
    struct doctor_line *lines = realloc(d->lines, (d->count + 1) * sizeof *lines);
    if (lines)
        d->lines = lines;
    d->by_status[status]++;
    if (lines && line.message) {
        d->lines[d->count++] = line;
        if (!d->json)
            print_line(d, &line);
    } else {
        fprintf(stderr, "mpijobd doctor: out of memory\n");
        d->by_status[DOCTOR_FAILED]++;
        free(line.message);
        free(line.cure);
    }
    uv_mutex_unlock(&d->mutex);
}

static void print_json(const struct doctor *d)
{
    struct buf text = BUF_INIT, pretty = BUF_INIT;
    struct json_writer w;
    struct json root;
    json_writer_init(&w, &text);
    json_write_array(&w);
    for (size_t i = 0; i < d->count; i++) {
        json_write_object(&w);
        json_write_key(&w, "check");
        json_write_string(&w, d->lines[i].check);
        if (d->lines[i].cluster) {
            json_write_key(&w, "cluster");
            json_write_string(&w, d->lines[i].cluster);
        }
        json_write_key(&w, "status");
        json_write_string(&w, names[d->lines[i].status]);
        json_write_key(&w, "message");
        json_write_string(&w, d->lines[i].message);
        json_write_key(&w, "cure");
        json_write_string(&w, d->lines[i].cure);
        json_write_end(&w);
    }
    json_write_end(&w);
    if (!text.failed && json_parse(buf_str(&text), "the report", &root, NULL) == 0) {
        json_pretty(&pretty, root);
        puts(pretty.ptr ? pretty.ptr : "[]");
    }
    buf_free(&text);
    buf_free(&pretty);
}

void doctor_print(struct doctor *d)
{
    if (d->json) {
        print_json(d);
    } else {
        const char *sign = "\n";
        for (int i = 0; i < DOCTOR_STATUSES; i++) {
            if (d->by_status[i])
                printf("%s%" PRId64 " %s", sign, d->by_status[i], names[i]);
            sign = d->by_status[i] ? ", " : sign;
        }
        puts("");
    }
    fflush(stdout);
}

void doctor_report_free(struct doctor *d)
{
    for (size_t i = 0; i < d->count; i++) {
        free(d->lines[i].message);
        free(d->lines[i].cure);
    }
    free(d->lines);
}
