/* SPDX-License-Identifier: Apache-2.0 */
/* The trace of a piece of work, as W3C Trace Context has it: one id from whoever asked for it to the last request that
 * is sent for it, and an id of each step. Its text, the header `traceparent`, is "00-TRACE-STEP-FLAGS", all lower-case
 * hexadecimal digits: 32, 16 and 2 of them. */
#ifndef MPIJOBD_BASE_TRACE_H
#define MPIJOBD_BASE_TRACE_H

#include <stdbool.h>

#define TRACE_SIZE 56 /* bytes of the text, with its NUL */
#define TRACE_AUDIT_SIZE 50

struct trace {
    char text[TRACE_SIZE]; /* "": none */
};

/* Of a header: of version 00, or of a newer one, of which what 00 has is taken. False: it is not one, and *trace is
 * "". */
bool trace_parse(const char *header, struct trace *trace);
/* One that begins here. */
void trace_new(struct trace *trace);
/* The next step of it, which may be kept in its place. Of "": a trace that begins here. */
void trace_step(const struct trace *trace, struct trace *step);
/* "TRACE-STEP": the name under which the API server's audit log has the request that this step sent. Of "": "". Returns
 * out. */
const char *trace_audit_id(const char *traceparent, char out[TRACE_AUDIT_SIZE]);

#endif
