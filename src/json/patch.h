/* SPDX-License-Identifier: Apache-2.0 */
/* What a patch makes of a document, worked out here: to see what it would do before it is sent. */
#ifndef MPIJOBD_JSON_PATCH_H
#define MPIJOBD_JSON_PATCH_H

#include "json/edit.h"

/* RFC 7396: the members of the patch take the place of the document's, null removes them. Both are objects. Appends to
 * out. What the patch does not name keeps its bytes. ERR_INVALID: the patch is not an object, or has a key that no
 * pointer can name. ERR_LIMIT: too much work. ERR_NOMEM. */
int json_merge_patch(struct json document, struct json patch, struct buf *out, struct error *err);

/* RFC 6902: a list of add, remove, replace, move, copy and test. ERR_INVALID: a step that cannot be done, by its number
 * from 0 ("step 2: there is nothing at /spec/x"), or a test that fails. ERR_LIMIT, with the step's number too: more
 * than JSON_PATCH_STEPS, a document that grows beyond JSON_PATCH_MAX bytes, or more than JSON_PATCH_WORK bytes gone
 * over by all steps together. The API server itself takes no more than the first two. Also what
 * json_edit_apply returns. */
#define JSON_PATCH_STEPS 10000
#define JSON_PATCH_MAX (3 * 1024 * 1024)
#define JSON_PATCH_WORK (24 * 1024 * 1024)
int json_patch(struct json document, struct json steps, struct buf *out, struct error *err);

#endif
