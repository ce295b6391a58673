/* SPDX-License-Identifier: Apache-2.0 */
/* Lines that a person types at a terminal. While one is typed, the loop runs. */
#ifndef MPIJOBD_CLI_ATTACH_LINE_H
#define MPIJOBD_CLI_ATTACH_LINE_H

#include <uv.h>

#include "base/buf.h"

enum line_end {
    LINE_READ,
    LINE_EOF,         /* Ctrl-D, or the terminal has gone */
    LINE_INTERRUPTED, /* Ctrl-C */
    LINE_OVER,        /* `over` has said so */
};

struct line_options {
    uv_loop_t *loop;
    /* Appends to out, one a line, the whole names that the end of text may be the beginning of. */
    void (*complete)(void *data, struct str text, struct buf *out);
    bool (*over)(void *data); /* nothing is to be read any more; asked after each turn of the loop */
    void *data;
};

struct line;
/* History is read from the user's file, if there is one. ERR_IO: the terminal cannot be used; ERR_NOMEM. */
int line_open(const struct line_options *options, struct line **line, struct error *err);
/* Empties out, and reads a line into it, without its end. */
enum line_end line_read(struct line *line, const char *prompt, struct buf *out);
/* It comes back with the arrow keys, and stands in the user's file from now on. */
void line_remember(struct line *line, const char *text);
/* After line_read has returned until the next one, Ctrl-C calls this. */
void line_on_interrupt(struct line *line, void (*interrupted)(void *data));
/* closed is called on the loop. */
void line_close(struct line *line, void (*closed)(void *data), void *data);

#endif
