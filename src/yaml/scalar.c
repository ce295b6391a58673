/* What a scalar stands for, and how a text is written so that it is read as one. The one place that decides both.
 *
 * A plain scalar is null, true, false or a number by the words of YAML's core schema, a number only as JSON writes it.
 * All other scalars are texts. */
#include <ctype.h>

#include "yaml/parts.h"

static bool is_one_of(struct str text, const char *const *words)
{
    for (; *words; words++) {
        if (str_is(text, *words))
            return true;
    }
    return false;
}

static bool is_plain(struct yaml_node node)
{
    return yaml_kind(node) == YAML_SCALAR && yaml_entry_of(node)->plain;
}

bool yaml_is_null(struct yaml_node node)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL", NULL};
    return is_plain(node) && is_one_of(yaml_text(node), words);
}

static bool is_number(struct str text)
{
    struct json parsed;
    return json_parse(text, "", &parsed, NULL) == 0 && json_type(parsed) == JSON_NUMBER;
}

void yaml_write_scalar(struct json_writer *w, struct yaml_node scalar)
{
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    struct str text = yaml_text(scalar);
    if (yaml_is_null(scalar))
        json_write_null(w);
    else if (is_plain(scalar) && is_one_of(text, trues))
        json_write_bool(w, true);
    else if (is_plain(scalar) && is_one_of(text, falses))
        json_write_bool(w, false);
    else if (is_plain(scalar) && is_number(text))
        json_write_raw(w, (struct json){text});
    else
        json_write_str(w, text);
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
    return numeric ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_ANY_SCALAR_STYLE;
}
