/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's memory. It copies tokens and bodies into buffers of its own and gives them back as they are; with these
 * functions whatever it frees is wiped first. */
#ifndef MPIJOBD_HTTP_CURL_MEMORY_H
#define MPIJOBD_HTTP_CURL_MEMORY_H

/* 0 or ERR_NOMEM. Each that succeeded is balanced by a memory_cleanup. */
int memory_init_curl(void);
void memory_cleanup_curl(void);

#endif
