/* SPDX-License-Identifier: Apache-2.0 */
/* A clock that standard input moves. Its answer comes when the engine has nothing left to do. */
#include "cli/run/manual_clock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/terminal/terminal.h"
#include "time/duration.h"

/* What the log said before the answer has left before it, unless nobody reads it. */
static bool is_told(struct manual_clock *m)
{
    const struct outlet *outlet = terminal_outlet();
    return !outlet || outlet_settle(outlet, 50) || ++m->tries >= 20;
}

static void answer(uv_idle_t *idle)
{
    struct manual_clock *m = idle->data;
    if (!engine_idle(m->engine) || !is_told(m))
        return;
    char now[32];
    clock_format(clock_now(m->clock), false, now);
    if (printf("clock %s\n", now) < 0 || fflush(stdout)) {
        clearerr(stdout); /* no memory: in the loop's next turn */
        return;
    }
    m->answer_due = false;
    uv_idle_stop(idle);
}

static void obey(struct manual_clock *m, const char *line)
{
    struct error err;
    int64_t us;
    if (strncmp(line, "advance ", 8) == 0 && duration_parse(line + 8, &us, &err) == 0) {
        m->clock->manual_us += us;
    } else if (strncmp(line, "set ", 4) == 0 && clock_parse(line + 4, &us)) {
        m->clock->manual_us = us;
    } else {
        fprintf(stderr, "mpijobd run: --clock manual: \"%s\" is neither \"advance DURATION\" nor \"set RFC3339\"\n",
                line);
        printf("error \"%s\" is neither \"advance DURATION\" nor \"set RFC3339\"\n", line);
        fflush(stdout); /* whoever has typed it waits for an answer there */
        return;
    }
    alarms_clock_moved(m->log);
    engine_clock_moved(m->engine);
    m->tries = 0;
    m->answer_due = true;
    uv_idle_start(&m->idle, answer);
}

static void give_memory(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    (void)size;
    struct manual_clock *m = handle->data;
    *buf = uv_buf_init(m->bytes, sizeof m->bytes);
}

static void came(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct manual_clock *m = stream->data;
    if (n < 0) {
        uv_read_stop(stream);
        m->gone(m->data);
    }
    for (ssize_t i = 0; i < n; i++) {
        if (buf->base[i] != '\n') {
            if (m->len < sizeof m->line - 1)
                m->line[m->len++] = buf->base[i];
            continue;
        }
        m->line[m->len] = '\0';
        m->len = 0;
        obey(m, m->line);
    }
}

void manual_clock_start(struct manual_clock *m, struct session *s, struct alarms *log, void (*gone)(void *data),
                        void *data)
{
    m->clock = &s->clock;
    m->engine = s->engine;
    m->log = log;
    m->gone = gone;
    m->data = data;
    m->input.data = m->idle.data = m;
    uv_pipe_init(&s->loop, &m->input, 0);
    uv_idle_init(&s->loop, &m->idle);
    if (uv_pipe_open(&m->input, STDIN_FILENO) == 0)
        uv_read_start((uv_stream_t *)&m->input, give_memory, came);
}

void manual_clock_stop(struct manual_clock *m)
{
    uv_close((uv_handle_t *)&m->input, NULL);
    uv_close((uv_handle_t *)&m->idle, NULL);
}
