/* SPDX-License-Identifier: Apache-2.0 */
/* Loaded into a program (LD_PRELOAD) by the specs: no memory that is given back may hold a secret, and none may be left
 * in the heap at the end. WIPED_SECRETS: the secrets, one a line; WIPED_REPORT: a file that findings are appended to,
 * with where they come from. WIPED_EXCEPT: part of a library's name whose own memory is not looked at when it is given
 * back, because nobody can have it wiped. */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void (*real_free)(void *);
static void *(*real_realloc)(void *, size_t);
static const char *except;
static const char *secrets; /* within the environment: not a copy that would be found itself */
static int report = -1;
static __thread int inside;

static void say(const char *what, const char *secret, size_t n)
{
    char line[160];
    void *frames[24];
    int count = backtrace(frames, 24);
    for (int i = 0; except && i < count; i++) {
        Dl_info info;
        if (dladdr(frames[i], &info) && info.dli_fname && strstr(info.dli_fname, except))
            return;
    }
    int len = snprintf(line, sizeof line, "%s: %.*s\n", what, (int)(n < 40 ? n : 40), secret);
    if (write(report, line, (size_t)len) == len)
        backtrace_symbols_fd(frames, count, report);
}

static void search(const char *what, const char *bytes, size_t size)
{
    for (const char *at = secrets; at && *at;) {
        size_t n = strcspn(at, "\n");
        if (n && memmem(bytes, size, at, n))
            say(what, at, n);
        at += n + (at[n] == '\n');
    }
}

static void look(const char *what, void *block)
{
    if (!block || inside || !secrets || report < 0)
        return;
    inside = 1;
    search(what, block, malloc_usable_size(block));
    inside = 0;
}

void free(void *block)
{
    look("given back by free", block);
    if (!real_free)
        real_free = (void (*)(void *))dlsym(RTLD_NEXT, "free");
    real_free(block);
}

/* Where the block moves, the old one is given back as it is. */
void *realloc(void *block, size_t size)
{
    if (!real_realloc)
        real_realloc = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
    if (block && size > malloc_usable_size(block))
        look("given back by realloc", block);
    return real_realloc(block, size);
}

static void search_maps(FILE *maps)
{
    char line[512], mode[8], name[256];
    unsigned long from, to;
    while (fgets(line, sizeof line, maps)) {
        name[0] = '\0';
        if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %255s", &from, &to, mode, name) < 3 || strncmp(mode, "rw", 2) != 0)
            continue;
        if (!name[0] || strcmp(name, "[heap]") == 0)
            search("left in memory at the end", (const char *)from, to - from);
    }
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("WIPED_REPORT");
    void *frames[2];
    if (strcmp(program_invocation_short_name, "mpijobd") != 0) /* but not in the programs that it starts */
        return;
    backtrace(frames, 2); /* loads what it needs, now */
    except = getenv("WIPED_EXCEPT");
    secrets = getenv("WIPED_SECRETS");
    if (secrets && path)
        report = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

__attribute__((destructor)) static void end(void)
{
    inside = 1;
    FILE *maps = report >= 0 ? fopen("/proc/self/maps", "re") : NULL;
    if (maps) {
        search_maps(maps);
        fclose(maps);
    }
    inside = 0;
}
