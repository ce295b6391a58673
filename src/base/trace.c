/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, making and carrying on the trace of a piece of work. */
#include "base/trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/chance.h"

#define TRACE_AT 3
#define STEP_AT 36
#define FLAGS_AT 53

static const char digits[] = "0123456789abcdef";

static bool is_hex(const char *text, size_t n)
{
    return strspn(text, digits) >= n;
}

static bool is_zero(const char *text, size_t n)
{
    return strspn(text, "0") >= n;
}

bool trace_parse(const char *header, struct trace *trace)
{
    size_t n = strlen(header);
    trace->text[0] = '\0';
    if (n < TRACE_SIZE - 1 || !is_hex(header, 2) || strncmp(header, "ff", 2) == 0)
        return false;
    bool newer = strncmp(header, "00", 2) != 0;
    if (n > TRACE_SIZE - 1 && !(newer && header[TRACE_SIZE - 1] == '-'))
        return false;
    if (header[TRACE_AT - 1] != '-' || header[STEP_AT - 1] != '-' || header[FLAGS_AT - 1] != '-')
        return false;
    if (!is_hex(header + TRACE_AT, 32) || !is_hex(header + STEP_AT, 16) || !is_hex(header + FLAGS_AT, 2))
        return false;
    if (is_zero(header + TRACE_AT, 32) || is_zero(header + STEP_AT, 16))
        return false;
    snprintf(trace->text, sizeof trace->text, "00%.53s", header + 2);
    return true;
}

static uint64_t draw(void)
{
    uint64_t n = chance_draw(NULL);
    return n ? n : 1; /* an id of zeros is not valid */
}

void trace_new(struct trace *trace)
{
    snprintf(trace->text, sizeof trace->text, "00-%016" PRIx64 "%016" PRIx64 "-%016" PRIx64 "-01", draw(), draw(),
             draw());
}

void trace_step(const struct trace *trace, struct trace *step)
{
    if (!*trace->text) {
        trace_new(step);
        return;
    }
    char id[17];
    snprintf(id, sizeof id, "%016" PRIx64, draw());
    *step = *trace;
    memcpy(step->text + STEP_AT, id, sizeof id - 1);
}

const char *trace_audit_id(const char *traceparent, char out[TRACE_AUDIT_SIZE])
{
    snprintf(out, TRACE_AUDIT_SIZE, "%.49s", *traceparent ? traceparent + TRACE_AT : "");
    return out;
}
