/* SPDX-License-Identifier: Apache-2.0 */
/* https://systemd.io/JOURNAL_NATIVE_PROTOCOL: NAME=value lines; a value with line ends stands behind its length. */
#include "base/log_journal.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log_parts.h"

#define NAME_MAX_BYTES 56 /* journald takes 64, MPIJOBD_ included */

bool log_journal_reads(int fd, const char *journal_stream)
{
    struct stat st;
    char *end;
    if (!journal_stream || fstat(fd, &st))
        return false;
    unsigned long long device = strtoull(journal_stream, &end, 10);
    if (end == journal_stream || *end != ':')
        return false;
    const char *inode = end + 1;
    unsigned long long number = strtoull(inode, &end, 10);
    return end != inode && !*end && device == (unsigned long long)st.st_dev && number == (unsigned long long)st.st_ino;
}

int log_journal_open(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || strlen(path) >= sizeof to.sun_path) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    strcpy(to.sun_path, path);
    if (connect(fd, (const struct sockaddr *)&to, sizeof to)) {
        close(fd);
        return -1;
    }
    return fd;
}

static void add_value(struct buf *out, struct str value)
{
    if (!memchr(value.ptr, '\n', value.len)) {
        buf_putc(out, '=');
        buf_add_str(out, value);
    } else {
        buf_putc(out, '\n');
        for (int i = 0; i < 8; i++)
            buf_putc(out, (char)(unsigned char)((uint64_t)value.len >> (8 * i)));
        buf_add_str(out, value);
    }
    buf_putc(out, '\n');
}

/* "effect_seen" is MPIJOBD_EFFECT_SEEN; what journald does not take in a name becomes an underscore. */
static void add_field(struct buf *out, const char *name, const char *value)
{
    buf_puts(out, "MPIJOBD_");
    for (size_t i = 0; name[i] && i < NAME_MAX_BYTES; i++)
        buf_putc(out, isalnum((unsigned char)name[i]) ? (char)toupper((unsigned char)name[i]) : '_');
    add_value(out, str_of(value));
}

void log_journal_entry(struct buf *out, enum log_level level, struct str shown, const struct log_field *fields)
{
    static const int priorities[] = {7, 6, 4, 3};
    buf_puts(out, "MESSAGE");
    add_value(out, shown);
    buf_printf(out, "PRIORITY=%d\nSYSLOG_IDENTIFIER=mpijobd\n", priorities[level]);
    for (; fields && fields->name; fields++) {
        fields += fields->name == log_json_next || fields->name == log_lines_next || fields->name == log_quiet_next ||
                  fields->name == log_journal_next;
        if (fields->value)
            add_field(out, fields->name, fields->value);
    }
}

bool log_journal_send(int socket, struct str entry)
{
    return send(socket, entry.ptr, entry.len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)entry.len;
}
