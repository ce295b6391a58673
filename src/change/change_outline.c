/* SPDX-License-Identifier: Apache-2.0 */
/* What a change would send, for those who keep it and send it later. */
#include "base/texts.h"
#include "change/change_parts.h"
#include "mpijob/kind.h"

bool change_outline(const struct change *c, struct change_write *out)
{
    bool fields = c->verb == CHANGE_FIELDS, patch = c->verb == CHANGE_PATCH;
    *out = (struct change_write){
        .verb = fields ? CHANGE_REPLACE : c->verb,
        .resource = c->resource,
        .kind = c->ours ? mpijob_kind_info(c->target.kind)->name : c->kind,
        .name_space = c->name_space,
        .name = c->name,
        .uid = c->uid,
        .resource_version = c->looked_at,
        .before = str_n(c->before, c->before_len),
        .body = c->verb == CHANGE_DELETE ? (struct str){0}
                : patch                  ? buf_str(&c->body)
                                         : buf_str(&c->after),
        .diff = &c->diff,
        .verdict = &c->verdict,
        .propagation = c->propagation,
        .ours = c->ours && !mpijob_kind_described(c->target.kind), /* apply asks no row, but has what was said */
        .json_patch = c->json_patch,
        .splices = c->splices,
        .follows = c->follows,
    };
    return !fields || c->diff.count;
}

bool change_outline_child(const struct change *c, struct buf *name, struct change_write *out, const char **called)
{
    if (!c->child.plan.diff.count)
        return false;
    buf_puts(name, c->child.name);
    *called = mpijob_child_called(mpijob_child_of(c->view.target)->is);
    *out = (struct change_write){
        .verb = CHANGE_PATCH,
        .resource = change_child_resource(c),
        .kind = mpijob_child_of(c->view.target)->kind,
        .name_space = c->name_space,
        .name = or_empty(name->ptr),
        .uid = c->child.uid,
        .resource_version = c->child.version,
        .body = buf_str(&c->child.plan.patch),
        .diff = &c->child.plan.diff,
        .verdict = &c->child.plan.verdict,
    };
    return true;
}
