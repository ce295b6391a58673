/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the log as journald takes them by its own protocol: a datagram a line, in which fields stay fields. */
#ifndef MPIJOBD_BASE_LOG_JOURNAL_H
#define MPIJOBD_BASE_LOG_JOURNAL_H

#include "base/buf.h"
#include "base/log.h"

#define LOG_JOURNAL_SOCKET "/run/systemd/journal/socket"

/* Does journald read what is written to fd? By the variable JOURNAL_STREAM ("device:inode"), which systemd sets. */
bool log_journal_reads(int fd, const char *journal_stream);
/* A socket to which lines are sent; -1: none can be reached. The caller closes it. */
int log_journal_open(const char *path);
/* Appends the datagram: MESSAGE (shown: the sentence with its fields, for people), PRIORITY, SYSLOG_IDENTIFIER, and
 * MPIJOBD_NAME for each field. */
void log_journal_entry(struct buf *out, enum log_level level, struct str shown, const struct log_field *fields);
/* Sends it without waiting. False: it was not taken. */
bool log_journal_send(int socket, struct str entry);

#endif
