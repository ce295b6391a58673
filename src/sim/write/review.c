/* Access reviews: answered with 201, not stored. */
#include "sim/server/core.h"

#include <string.h>

void review(struct exchange *x)
{
    struct body b;
    if (body_read(x, &b)) {
        body_free(&b);
        return;
    }
    json_object *status = json_object_new_object();
    if (strcmp(x->res->name, "SelfSubjectReview") == 0) {
        json_object *user = json_object_new_object();
        doc_set_str(user, "username", x->user == USER_VIEW ? "view" : "admin");
        doc_set(status, "userInfo", user);
    } else {
        doc_set(status, "allowed", json_object_new_boolean(x->user == USER_ADMIN));
    }
    json_object_object_del(b.doc, "apiVersion");
    json_object_object_del(b.doc, "kind");
    json_object_object_del(b.doc, "metadata");
    doc_set(b.doc, "status", status);
    struct buf text = BUF_INIT;
    struct marks marks;
    doc_set(b.doc, "metadata", json_object_new_object());
    object_write_doc(b.doc, &text, &marks);
    view_text(x, text.ptr, text.len, &marks, &x->resp->body);
    respond_json(x, 201);
    buf_free(&text);
    body_free(&b);
}
