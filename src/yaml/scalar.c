/* SPDX-License-Identifier: Apache-2.0 */
/* What a scalar stands for, and how a text is written so that it is read as one. The one place that decides both.
 *
 * A scalar is what kubectl takes it for: the words of YAML 1.1 (yes and off are values), the numbers of
 * scalar_number.c, and what a tag says. All other scalars are texts, points in time too. tests/fixtures/yaml holds this
 * to kubectl's own reader. */
#include <ctype.h>

#include "base/base64.h"
#include "yaml/parts.h"

static bool is_one_of(struct str text, const char *const *words)
{
    for (; *words; words++) {
        if (str_is(text, *words))
            return true;
    }
    return false;
}

static bool is_null(struct str text)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL", NULL};
    return is_one_of(text, words);
}

bool yaml_is_null(struct yaml_node node)
{
    const struct yaml_entry *e = yaml_entry_of(node);
    return yaml_kind(node) == YAML_SCALAR && (e->plain || e->tag == YAML_TAG_NULL) && is_null(yaml_text(node));
}

/* Without a tag and without quotes. */
static enum yaml_sense sense_of(struct str text, struct buf *spelt)
{
    static const char *const trues[] = {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", NULL};
    static const char *const falses[] = {"n",     "N",     "no",  "No",  "NO",  "false",
                                         "False", "FALSE", "off", "Off", "OFF", NULL};
    static const char *const endless[] = {".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",  ".INF", "+.inf",
                                          "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", NULL};
    if (is_null(text))
        return YAML_SENSE_NULL;
    if (is_one_of(text, trues))
        return YAML_SENSE_TRUE;
    if (is_one_of(text, falses))
        return YAML_SENSE_FALSE;
    return is_one_of(text, endless) ? YAML_SENSE_ENDLESS : yaml_number(text, spelt);
}

/* "2024-01-01", "2024-01-01 10:00:00": texts too, but other readers of YAML make more of them. */
static bool is_like_time(struct str text)
{
    bool like = text.len >= 8 && text.ptr[4] == '-';
    for (size_t i = 0; like && i < text.len; i++)
        like = i < 4 ? isdigit((unsigned char)text.ptr[i]) != 0 : strchr("0123456789-+:. TtZz", text.ptr[i]) != NULL;
    return like;
}

static bool tag_fits(uint8_t tag, enum yaml_sense sense, struct str text, const struct buf *spelt)
{
    int64_t number;
    switch (tag) {
    case YAML_TAG_NULL:
        return sense == YAML_SENSE_NULL;
    case YAML_TAG_BOOL:
        return sense == YAML_SENSE_TRUE || sense == YAML_SENSE_FALSE;
    case YAML_TAG_INT:
        return sense == YAML_SENSE_INTEGER;
    case YAML_TAG_FLOAT:
        if (sense == YAML_SENSE_INTEGER) /* go-yaml makes no float of an unsigned one */
            return spelt->failed || json_int64((struct json){buf_str(spelt)}, &number);
        return sense == YAML_SENSE_FLOAT || sense == YAML_SENSE_ENDLESS;
    case YAML_TAG_TIMESTAMP:
        return is_like_time(text);
    default:
        return true;
    }
}

bool yaml_sense(struct yaml_node scalar, enum yaml_sense *sense, struct buf *spelt)
{
    const struct yaml_entry *e = yaml_entry_of(scalar);
    struct str text = yaml_text(scalar);
    buf_reset(spelt);
    *sense = YAML_SENSE_TEXT;
    if (e->tag == YAML_TAG_BINARY) {
        *sense = YAML_SENSE_BYTES;
        return base64_decode(text, spelt) || spelt->failed;
    }
    if ((e->tag == YAML_TAG_NONE && !e->plain) || e->tag == YAML_TAG_OTHER || e->tag == YAML_TAG_STR)
        return true;
    *sense = sense_of(text, spelt);
    return tag_fits(e->tag, *sense, text, spelt);
}

/* Broader than what is read above: other readers of YAML take more words and numbers for something else. */
yaml_scalar_style_t yaml_text_style(struct str text)
{
    static const char *const words[] = {"", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", NULL};
    static const char *const floats[] = {".inf", "+.inf", "-.inf", ".nan", "=", "<<", NULL};
    char lower[8] = "";
    for (size_t i = 0; i < text.len && i < sizeof lower - 1; i++)
        lower[i] = (char)tolower((unsigned char)text.ptr[i]);
    if (text.len < sizeof lower && (is_one_of(str_of(lower), words) || is_one_of(str_of(lower), floats)))
        return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    if (memchr(text.ptr ? text.ptr : "", '\n', text.len))
        return YAML_LITERAL_SCALAR_STYLE;
    bool numeric = text.len && strchr("0123456789+-.", text.ptr[0]) != NULL;
    for (size_t i = 0; numeric && i < text.len; i++)
        numeric = strchr("0123456789+-.eExXoO_:abcdefABCDEFTZ", text.ptr[i]) != NULL;
    return numeric || is_like_time(text) ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_ANY_SCALAR_STYLE;
}
