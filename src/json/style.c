/* SPDX-License-Identifier: Apache-2.0 */
/* The white space of a document, learnt from what stands where something is to be added. */
#include <string.h>

#include "json/bytes.h"
#include "json/style.h"

/* From the last line break in white space to its end; empty where it has no line break. */
static struct str line_lead(struct str space)
{
    size_t i = space.len;
    while (i > 0 && space.ptr[i - 1] != '\n')
        i--;
    if (i == 0)
        return str_n(space.ptr, 0);
    i -= i > 1 && space.ptr[i - 2] == '\r' ? 2 : 1;
    return str_n(space.ptr + i, space.len - i);
}

static struct str space_before(const char *p, const char *begin)
{
    const char *from = p;
    while (from > begin && is_space(from[-1]))
        from--;
    return str_n(from, (size_t)(p - from));
}

static bool begins_with(struct str s, struct str with)
{
    return s.len >= with.len && memcmp(s.ptr, with.ptr, with.len) == 0;
}

/* What a member's line has more than the line of its container's end; or, where that shares a line,
 * than its parent's. */
static struct str find_step(struct str lead, struct str closing, const struct json_style *outer)
{
    if (closing.len && begins_with(lead, closing))
        return str_n(lead.ptr + closing.len, lead.len - closing.len);
    if (outer->lines)
        return outer->step;
    size_t line_break = lead.ptr[0] == '\r' ? 2 : 1;
    return str_n(lead.ptr + line_break, lead.len - line_break);
}

static struct str find_colon(const struct json_iter *last, const struct json_style *outer)
{
    if (!last->object)
        return outer->colon;
    const char *from = last->key.text.ptr + last->key.text.len;
    struct str colon = str_n(from, (size_t)(last->value.text.ptr - from));
    return memchr(colon.ptr, '\n', colon.len) ? outer->colon : colon;
}

struct json_style json_style_inside(struct json container, const struct json_iter *last, size_t count,
                                    const struct json_style *outer)
{
    struct json_style style = *outer;
    if (count == 0) {
        style.deeper++;
        return style;
    }
    const char *begin = container.text.ptr + 1, *end = begin + container.text.len - 2;
    struct str space = space_before(last->object ? last->key.text.ptr : last->value.text.ptr, begin);
    style.colon = find_colon(last, outer);
    struct str lead = line_lead(space);
    style.lines = lead.len != 0;
    if (style.lines) {
        style.lead = lead;
        style.deeper = 0;
        style.step = find_step(lead, line_lead(space_before(end, begin)), outer);
    } else if (count > 1) {
        style.comma = space;
    } else if (style.colon.ptr[style.colon.len - 1] == ' ') {
        style.comma = str_of(" ");
    }
    if (outer == &json_style_compact && !last->object && (style.lines || style.comma.len))
        style.colon = str_of(": ");
    return style;
}
