/* SPDX-License-Identifier: Apache-2.0 */
/* libedit over the loop: its characters come from here, so that a signal, or the end of the session, ends a line. */
#include "cli/attach/line.h"

#include <errno.h>
#include <histedit.h>
#include <limits.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#define REMEMBERED 1000
#define SIGNALS 3

struct line {
    struct line_options o;
    EditLine *edit;
    History *history;
    HistEvent event;
    FILE *out; /* of the terminal itself: what libedit writes moves the cursor */
    const char *prompt;
    char path[PATH_MAX]; /* of the history; "": it is not kept */
    mbstate_t state;
    uv_signal_t signals[SIGNALS];
    size_t open;      /* of the signals */
    bool reading;     /* a line is being typed */
    bool interrupted; /* while it was */
    void (*on_interrupt)(void *data);
    void (*closed)(void *data);
    void *closed_data;
};

/* ---- signals ---- */

static void came(uv_signal_t *handle, int number)
{
    struct line *l = handle->data;
    if (number == SIGWINCH) {
        el_resize(l->edit);
    } else if (number == SIGCONT) {
        if (l->reading) {
            el_set(l->edit, EL_PREP_TERM, 1);
            el_set(l->edit, EL_REFRESH);
        }
    } else if (l->reading) {
        l->interrupted = true;
    } else if (l->on_interrupt) {
        l->on_interrupt(l->o.data);
    }
}

/* ---- characters ---- */

/* Waits for a byte, and runs the loop meanwhile. 0: the line is over. */
static int byte(struct line *l, char *c)
{
    for (;;) {
        uv_run(l->o.loop, UV_RUN_NOWAIT);
        if (l->interrupted || l->o.over(l->o.data))
            return 0;
        struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                               {.fd = uv_backend_fd(l->o.loop), .events = POLLIN}};
        if (poll(fds, 2, uv_backend_timeout(l->o.loop)) < 0 || !fds[0].revents)
            continue; /* a signal, or the loop's turn */
        ssize_t n = read(STDIN_FILENO, c, 1);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        return n == 1;
    }
}

static int next_char(EditLine *edit, wchar_t *out)
{
    struct line *l = NULL;
    char c;
    el_get(edit, EL_CLIENTDATA, &l);
    for (;;) {
        if (!byte(l, &c))
            return 0;
        size_t n = mbrtowc(out, &c, 1, &l->state);
        if (n == (size_t)-1) { /* no UTF-8 */
            memset(&l->state, 0, sizeof l->state);
            *out = L'\uFFFD';
            return 1;
        }
        if (n != (size_t)-2)
            return 1;
    }
}

static char *prompt_of(EditLine *edit)
{
    struct line *l = NULL;
    el_get(edit, EL_CLIENTDATA, &l);
    return (char *)(uintptr_t)l->prompt;
}

/* ---- completion ---- */

/* Bytes at the text's end that are of one name. */
static size_t partial(struct str text)
{
    size_t n = 0;
    while (n < text.len) {
        char c = text.ptr[text.len - n - 1];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
            break;
        n++;
    }
    return n;
}

static size_t common(const char *names)
{
    size_t most = strcspn(names, "\n");
    for (const char *name = names; *name; name += strcspn(name, "\n"), name += *name == '\n') {
        size_t n = 0;
        while (n < most && name[n] == names[n])
            n++;
        most = n;
    }
    return most;
}

static void show(const char *names)
{
    int width = 0;
    putchar('\n');
    for (const char *name = names; *name; name += strcspn(name, "\n"), name += *name == '\n') {
        int len = (int)strcspn(name, "\n");
        printf("%s%.*s", !width ? "" : width + len > 76 ? "\n" : "  ", len, name);
        width = width + len > 76 ? len : width + len + 2;
    }
    putchar('\n');
    fflush(stdout);
}

static unsigned char complete(EditLine *edit, int key)
{
    struct line *l = NULL;
    struct buf names = BUF_INIT;
    unsigned char what = CC_ERROR;
    (void)key;
    el_get(edit, EL_CLIENTDATA, &l);
    const LineInfo *at = el_line(edit);
    struct str text = str_n(at->buffer, (size_t)(at->cursor - at->buffer));
    size_t typed = partial(text);
    l->o.complete(l->o.data, text, &names);
    const char *all = names.ptr ? names.ptr : "";
    size_t same = common(all);
    if (*all && same > typed) {
        char more[256];
        snprintf(more, sizeof more, "%.*s", (int)(same - typed), all + typed);
        what = el_insertstr(edit, more) ? CC_ERROR : CC_REFRESH;
    } else if (*all && strchr(all, '\n') != all + strlen(all) - 1) {
        show(all);
        what = CC_REDISPLAY;
    }
    buf_free(&names);
    return what;
}

/* ---- history ---- */

/* Makes the folders of the path. */
static void make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700); /* where it cannot be, nothing is kept */
        *slash = '/';
    }
}

static void find_history(struct line *l)
{
    const char *home = getenv("HOME"), *state = getenv("XDG_STATE_HOME");
    if (state && *state == '/')
        snprintf(l->path, sizeof l->path, "%s/mpijobd/history", state);
    else if (home && *home == '/')
        snprintf(l->path, sizeof l->path, "%s/.local/state/mpijobd/history", home);
    if (*l->path)
        make_folders(l->path);
}

void line_remember(struct line *l, const char *text)
{
    history(l->history, &l->event, H_ENTER, text);
    if (*l->path)
        history(l->history, &l->event, H_SAVE, l->path); /* for the user alone: mode 0600 */
}

/* ---- life ---- */

enum line_end line_read(struct line *l, const char *prompt, struct buf *out)
{
    int n = 0;
    buf_reset(out);
    l->prompt = prompt;
    l->interrupted = false;
    l->reading = true;
    fflush(stdout);
    el_set(l->edit, EL_PREP_TERM, 1); /* before the prompt invites to type */
    const char *text = el_gets(l->edit, &n);
    l->reading = false;
    fflush(l->out);
    if (l->interrupted)
        return LINE_INTERRUPTED;
    if (l->o.over(l->o.data))
        return LINE_OVER;
    if (!text || n <= 0)
        return LINE_EOF;
    buf_add(out, text, (size_t)n - (text[n - 1] == '\n'));
    return LINE_READ;
}

void line_on_interrupt(struct line *l, void (*interrupted)(void *data))
{
    l->on_interrupt = interrupted;
}

static void gone(uv_handle_t *handle)
{
    struct line *l = handle->data;
    if (--l->open)
        return;
    void (*closed)(void *) = l->closed;
    void *data = l->closed_data;
    free(l);
    closed(data);
}

static void release(struct line *l)
{
    if (l->edit)
        el_end(l->edit);
    if (l->history)
        history_end(l->history);
    if (l->out)
        fclose(l->out);
}

void line_close(struct line *l, void (*closed)(void *data), void *data)
{
    release(l);
    l->closed = closed;
    l->closed_data = data;
    for (size_t i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&l->signals[i], gone);
}

static void set_up(struct line *l)
{
    el_set(l->edit, EL_CLIENTDATA, l);
    el_set(l->edit, EL_PROMPT, prompt_of);
    el_set(l->edit, EL_EDITOR, "emacs");
    el_set(l->edit, EL_SIGNAL, 0);
    el_set(l->edit, EL_HIST, history, l->history);
    el_set(l->edit, EL_GETCFN, next_char);
    el_wset(l->edit, EL_ADDFN, L"complete-name", L"completes a name", complete); /* el_set would copy, and never free */
    el_set(l->edit, EL_BIND, "^I", "complete-name", NULL);
    el_set(l->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
    el_source(l->edit, NULL); /* ~/.editrc */
    history(l->history, &l->event, H_SETSIZE, REMEMBERED);
    history(l->history, &l->event, H_SETUNIQUE, 1);
    find_history(l);
    if (*l->path)
        history(l->history, &l->event, H_LOAD, l->path);
}

int line_open(const struct line_options *options, struct line **out, struct error *err)
{
    static const int numbers[SIGNALS] = {SIGINT, SIGWINCH, SIGCONT};
    struct line *l = calloc(1, sizeof *l);
    if (!l)
        return error_nomem(err);
    l->o = *options;
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        setlocale(LC_CTYPE, "");
    int fd = dup(STDOUT_FILENO);
    l->out = fd < 0 ? NULL : fdopen(fd, "w");
    l->history = history_init();
    l->edit = l->out && l->history ? el_init("mpijobd", stdin, l->out, l->out) : NULL;
    if (!l->edit) {
        if (fd >= 0 && !l->out)
            close(fd);
        release(l);
        free(l);
        return error_set(err, ERR_IO, "the terminal cannot be used for lines; pipe them to mpijobd attach");
    }
    set_up(l);
    l->open = SIGNALS;
    for (size_t i = 0; i < SIGNALS; i++) {
        uv_signal_init(l->o.loop, &l->signals[i]);
        l->signals[i].data = l;
        uv_signal_start(&l->signals[i], came, numbers[i]);
        uv_unref((uv_handle_t *)&l->signals[i]);
    }
    *out = l;
    return 0;
}
