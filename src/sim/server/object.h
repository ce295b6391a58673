/* SPDX-License-Identifier: Apache-2.0 */
/* Between documents and stored texts, and the removal of objects. In here a document has no apiVersion and kind, and a
 * stored text no opening brace: both are put before it in the version of the reader. */
#ifndef SIM_SERVER_OBJECT_H
#define SIM_SERVER_OBJECT_H
#include "sim/server/exchange.h"

enum { ETCD_MAX = 1572864 }; /* bytes; the store of a real server refuses larger objects */

/* New documents: in the version of the exchange, and as it is stored. */
json_object *object_read(struct exchange *x, struct revision *rev);
json_object *object_parse(const struct revision *rev);

/* These add the text to out and fill marks. object_write: in the stored version, whose schema may drop something. */
void object_write(struct exchange *x, json_object *doc, struct buf *out, struct marks *marks);
void object_write_doc(json_object *doc, struct buf *out, struct marks *marks);
void object_write_metadata(json_object *meta, struct buf *out, struct marks *marks);
/* The text of rev with another resourceVersion. */
void object_renumber(const struct revision *rev, uint64_t version, struct buf *out, struct marks *marks);

bool object_converts(const struct exchange *x); /* it is stored in another form than this resource has */
void object_to_stored(const struct exchange *x, json_object *doc);

/* Removes an object for good, and its namespace too if that only waited for it. */
void object_remove(struct sim *sim, struct revision *rev);
#endif
