/* SPDX-License-Identifier: Apache-2.0 */
/* The filter: a stream of stdio in the place of stdout and of stderr. */
#include "cli/terminal/terminal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/visible.h"

struct guard {
    int fd;
    bool exact;
    struct outlet *outlet; /* NULL: written here and now */
    bool stuck;            /* nobody takes anything */
    char begun[4];         /* a character of which the rest is still to come */
    size_t begun_len;
};

/* They belong to the process, as stdout and stderr do. */
static struct guard guards[] = {{.fd = STDOUT_FILENO}, {.fd = STDERR_FILENO}};
static int patience_ms = -1;

static bool write_all(struct guard *g, const char *ptr, size_t len)
{
    if (g->stuck)
        return true;
    if (g->outlet) {
        outlet_add(g->outlet, str_n(ptr, len)); /* what is lost is counted */
        return true;
    }
    int why = outlet_write_now(g->fd, ptr, len);
    errno = why ? why : errno;
    return !why;
}

static bool is_harmless(char c)
{
    return (c >= ' ' && c <= '~') || c == '\n' || c == '\t';
}

/* "ESC [ 31 m", which only colours. Returns its length; 0: it is something else. */
static size_t colour_at(struct str text)
{
    size_t n = 2;
    if (text.len < 3 || text.ptr[0] != '\033' || text.ptr[1] != '[')
        return 0;
    while (n < text.len && ((text.ptr[n] >= '0' && text.ptr[n] <= '9') || text.ptr[n] == ';'))
        n++;
    return n < text.len && text.ptr[n] == 'm' ? n + 1 : 0;
}

/* How many bytes at the end are the beginning of a character. */
static size_t incomplete(struct str text)
{
    for (size_t back = 1; back <= 3 && back <= text.len; back++) {
        unsigned char c = (unsigned char)text.ptr[text.len - back];
        if ((c & 0xC0) == 0x80)
            continue;
        size_t wanted = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
        return wanted > back ? back : 0;
    }
    return 0;
}

static void filter(struct str text, struct buf *out)
{
    while (text.len) {
        size_t n = 0;
        while (n < text.len && is_harmless(text.ptr[n]))
            n++;
        if (!n)
            n = colour_at(text);
        if (n) {
            buf_add(out, text.ptr, n);
        } else {
            uint32_t c;
            n = visible_next(text, &c);
            visible_add(out, str_n(text.ptr, n));
        }
        text = str_n(text.ptr + n, text.len - n);
    }
}

/* Without memory: what is not plainly harmless is a question mark. */
static bool print_plain(struct guard *g, struct str text)
{
    char bytes[256];
    bool good = true;
    while (text.len && good) {
        size_t n = text.len < sizeof bytes ? text.len : sizeof bytes;
        for (size_t i = 0; i < n; i++)
            bytes[i] = is_harmless(text.ptr[i]) ? text.ptr[i] : '?';
        good = write_all(g, bytes, n);
        text = str_n(text.ptr + n, text.len - n);
    }
    return good;
}

static ssize_t print(void *cookie, const char *ptr, size_t len)
{
    struct guard *g = cookie;
    struct buf in = BUF_INIT, out = BUF_INIT;
    if (g->exact && !g->begun_len)
        return write_all(g, ptr, len) ? (ssize_t)len : 0;
    buf_add(&in, g->begun, g->begun_len);
    buf_add(&in, ptr, len);
    struct str text = in.failed ? (struct str){0} : buf_str(&in);
    g->begun_len = incomplete(text);
    text.len -= g->begun_len;
    if (g->begun_len)
        memcpy(g->begun, text.ptr + text.len, g->begun_len);
    filter(text, &out);
    bool good = in.failed || out.failed ? print_plain(g, str_n(ptr, len)) : write_all(g, out.ptr, out.len);
    int why = errno;
    buf_free(&in);
    buf_free(&out);
    errno = why;
    return good ? (ssize_t)len : 0;
}

static int end(void *cookie)
{
    struct guard *g = cookie;
    return g->begun_len && !write_all(g, "\xEF\xBF\xBD", 3) ? -1 : 0;
}

static FILE *guarded(struct guard *g, FILE *as_it_was)
{
    FILE *file = fopencookie(g, "w", (cookie_io_functions_t){.write = print, .close = end});
    if (!file) /* out of memory: nothing will be printed that matters */
        return as_it_was;
    setvbuf(file, NULL, g->fd == STDERR_FILENO || isatty(g->fd) ? _IOLBF : _IOFBF, BUFSIZ);
    return file;
}

void terminal_guard(void)
{
    stdout = guarded(&guards[0], stdout);
    stderr = guarded(&guards[1], stderr);
}

void terminal_exact(void)
{
    fflush(stdout);
    guards[0].exact = !isatty(STDOUT_FILENO);
}

void terminal_patience(int ms)
{
    patience_ms = ms;
}

int terminal_detach(struct error *err)
{
    fflush(stdout);
    for (int i = 0; i < 2; i++) {
        int rc = guards[i].outlet ? 0 : outlet_open(guards[i].fd, &guards[i].outlet, err);
        if (rc)
            return rc;
    }
    return 0;
}

struct outlet *terminal_outlet(void)
{
    return guards[1].outlet;
}

int terminal_finish(void)
{
    int failed[2] = {0};
    fflush(stderr);
    for (int i = 1; i >= 0; i--) {
        struct guard *g = &guards[i];
        if (g->outlet)
            failed[i] = outlet_close(g->outlet, failed[1] == ETIMEDOUT ? 0 : patience_ms);
        g->outlet = NULL;
        g->stuck = failed[i] == ETIMEDOUT;
    }
    return failed[0];
}

/* ---- what it is ---- */

bool colour_wanted(int fd)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fd) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

size_t terminal_width(int fd)
{
    struct winsize size;
    return isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void terminal_time(int64_t us, char out[32])
{
    time_t seconds = (time_t)(us / CLOCK_SECOND);
    struct tm local;
    size_t n = 0;
    clock_format(us, false, out);
    if (!isatty(STDOUT_FILENO) || us < 0 || !localtime_r(&seconds, &local) || !local.tm_gmtoff)
        return;
    n = strftime(out, 32, "%Y-%m-%dT%H:%M:%S%z", &local);
    if (n < 5 || n > 30) {
        clock_format(us, false, out);
        return;
    }
    memmove(out + n - 1, out + n - 2, 3); /* +0100 to +01:00 */
    out[n - 2] = ':';
}
