/* SPDX-License-Identifier: Apache-2.0 */
/* Tells the usual slips by Lua's message and the line that it is about. */
#include "policy/source/syntax_hint.h"

#include <ctype.h>
#include <string.h>

static struct str line_of(struct str text, int line)
{
    const char *at = text.ptr, *end = text.ptr + text.len;
    for (int n = 1; n < line && at && at < end; n++) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        at = feed ? feed + 1 : end;
    }
    const char *feed = at && at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    return str_n(at, at ? (size_t)((feed ? feed : end) - at) : 0);
}

static bool has(struct str line, const char *part)
{
    size_t n = strlen(part);
    for (size_t i = 0; i + n <= line.len; i++) {
        if (memcmp(line.ptr + i, part, n) == 0)
            return true;
    }
    return false;
}

/* Does the line begin with it? */
static bool begins(struct str line, const char *part)
{
    while (line.len && isspace((unsigned char)*line.ptr))
        line = str_n(line.ptr + 1, line.len - 1);
    return str_starts(line, part);
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* `name: ` or `"name":`, which no line of Lua has. The key, without quotes; empty: there is no such key. */
static struct str key_with_colon(struct str line)
{
    char quote = 0;
    size_t opened = 0;
    for (size_t i = 0; i < line.len; i++) {
        char c = line.ptr[i], next = i + 1 < line.len ? line.ptr[i + 1] : ' ';
        if (quote) {
            bool closes = c == quote;
            quote = closes ? 0 : quote;
            if (closes && next == ':' && (i + 2 >= line.len || line.ptr[i + 2] != ':'))
                return str_n(line.ptr + opened + 1, i - opened - 1);
        } else if (c == '"' || c == '\'') {
            quote = c;
            opened = i;
        } else if (c == ':' && isspace((unsigned char)next) && i && is_word(line.ptr[i - 1])) {
            size_t start = i;
            while (start && is_word(line.ptr[start - 1]))
                start--;
            return str_n(line.ptr + start, i - start);
        } else if (c == '-' && next == '-') {
            break;
        }
    }
    return (struct str){0};
}

/* What Lua names as the place: "'a'" gives a, "<eof>" itself. */
static struct str token_of(const char *message)
{
    const char *near = strstr(message, " near ");
    struct str token = near ? str_of(near + 6) : (struct str){0};
    if (token.len >= 2 && token.ptr[0] == '\'' && token.ptr[token.len - 1] == '\'')
        token = str_n(token.ptr + 1, token.len - 2);
    return token;
}

static bool colon_hint(struct str line, struct str before, const char *message, struct str token, struct buf *out)
{
    bool fits = strstr(message, "<name> expected") || strstr(message, "function arguments expected") ||
                str_is(token, ":") || strstr(message, "'=' expected");
    struct str key = fits ? key_with_colon(line) : (struct str){0};
    if (fits && !key.len)
        key = key_with_colon(before);
    if (!key.len || key.len > 60)
        return false;
    bool word = !isdigit((unsigned char)*key.ptr);
    for (size_t i = 0; i < key.len; i++)
        word = word && is_word(key.ptr[i]);
    buf_printf(out, "; in Lua \"=\" stands behind a key: %s%.*s%s = ...", word ? "" : "[\"", (int)key.len, key.ptr,
               word ? "" : "\"]");
    return true;
}

static const struct {
    const char *token, *part; /* what Lua names, and what stands in the line; NULL: anything */
    const char *hint;
} slips[] = {
    {"!", "!=", "\"is not equal to\" is ~= in Lua"},
    {"!", NULL, "\"not\" is written as a word in Lua: not x"},
    {"&", "&&", "\"and\" is written as a word in Lua: a and b"},
    {"|", "||", "\"or\" is written as a word in Lua: a or b"},
    {"//", NULL, "a comment begins with -- in Lua"},
    {"/", "/*", "a comment begins with -- in Lua, and a long one is --[[ ... ]]"},
    {"+", "+=", "write x = x + 1"},
    {"+", "++", "write x = x + 1"},
    {"-", "-=", "write x = x - 1"},
    {"[", "[", "a list stands in braces in Lua: { \"a\", \"b\" }"},
    {"<\\226>", NULL, "quotes are plain in Lua: \"a\" or 'a'"},
};

/* A value or a key, where a comma or the end was to come. */
static bool comma_missing(const char *message, struct str token)
{
    bool value = token.len && (is_word(*token.ptr) || *token.ptr == '"' || *token.ptr == '\'' || *token.ptr == '{');
    return strncmp(message, "'}' expected", 12) == 0 && value;
}

void syntax_hint(struct str text, int line, const char *message, struct buf *out)
{
    struct str here = line_of(text, line), before = line > 1 ? line_of(text, line - 1) : (struct str){0};
    struct str token = token_of(message);
    if (!token.len || colon_hint(here, before, message, token, out))
        return;
    for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
        if (str_is(token, slips[i].token) && (!slips[i].part || has(here, slips[i].part))) {
            buf_printf(out, "; %s", slips[i].hint);
            return;
        }
    }
    if (begins(here, "#") && line > 1)
        buf_puts(out, "; a comment begins with -- in Lua");
    else if (strncmp(message, "'then' expected", 15) == 0 && str_is(token, "="))
        buf_puts(out, "; \"is equal to\" is == in Lua");
    else if (comma_missing(message, token))
        buf_puts(out, "; a comma stands between the entries of a table");
    else if (strstr(message, "to close 'if'") && str_is(token, "<eof>") && has(text, "else if"))
        buf_puts(out, "; \"else if\" begins an if of its own, which needs an end; elseif does not");
}
