/* SPDX-License-Identifier: Apache-2.0 */
/* What a browser gets: pages with scripts and styles, and their files, which stand in the program. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "admin/admin_parts.h"

void admin_request_page(struct admin_request *r)
{
    r->page = true;
}

/* Any of the tags that the browser has kept, weak or not. */
static bool has_it(const struct admin_request *r, const char *tag)
{
    const char *kept = admin_request_header(r, MHD_HTTP_HEADER_IF_NONE_MATCH);
    return kept && (strcmp(kept, "*") == 0 || strstr(kept, tag));
}

void admin_answer_file(struct admin_request *r, const struct admin_file *file)
{
    char tag[24];
    snprintf(tag, sizeof tag, "\"%016" PRIx64 "\"", (uint64_t)XXH3_64bits(file->bytes.ptr, file->bytes.len));
    bool same = has_it(r, tag);
    r->status = same ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK;
    r->response = MHD_create_response_from_buffer(same ? 0 : file->bytes.len, (void *)(uintptr_t)file->bytes.ptr,
                                                  MHD_RESPMEM_PERSISTENT);
    r->state = r->response ? REQUEST_ANSWERED : REQUEST_GONE;
    if (!r->response)
        return;
    admin_response_headers(r->response, file->type, true);
    MHD_add_response_header(r->response, MHD_HTTP_HEADER_ETAG, tag);
    MHD_add_response_header(r->response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
}
