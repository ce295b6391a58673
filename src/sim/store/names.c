/* SPDX-License-Identifier: Apache-2.0 */
/* The rules for names and labels, as the API server checks them. */
#include "sim/store/names.h"

#include "sim/doc/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool alnum(char c)
{
    return isalnum((unsigned char)c) && (unsigned char)c < 0x80;
}

bool dns_subdomain(const char *s, size_t max)
{
    size_t n = strlen(s);
    if (!n || n > max)
        return false;
    for (size_t i = 0; i < n; i++) {
        bool good = alnum(s[i]) && !isupper((unsigned char)s[i]);
        bool inner = i > 0 && i + 1 < n;
        if (!good && !(s[i] == '-' && inner && s[i - 1] != '.' && s[i + 1] != '.') &&
            !(s[i] == '.' && inner && alnum(s[i - 1]) && alnum(s[i + 1])))
            return false;
    }
    return true;
}

static bool name_part(const char *s, size_t n)
{
    if (!n || !alnum(s[0]) || !alnum(s[n - 1]))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!alnum(s[i]) && s[i] != '-' && s[i] != '_' && s[i] != '.')
            return false;
    return true;
}

bool label_value_valid(const char *s)
{
    size_t n = strlen(s);
    return n == 0 || (n <= 63 && name_part(s, n));
}

char *qualified_name_problem(const char *s)
{
    const char *slash = strchr(s, '/');
    if (slash) {
        char *prefix = sim_strndup(s, (size_t)(slash - s));
        bool good = dns_subdomain(prefix, 253), length = strlen(prefix) > 253;
        free(prefix);
        if (length)
            return sim_strdup("prefix part must be no more than 253 bytes");
        if (!good)
            return sim_format("prefix part %s", SUBDOMAIN_RULE);
        s = slash + 1;
    }
    size_t n = strlen(s);
    if (!n)
        return sim_strdup("name part must be non-empty");
    if (n > 63)
        return sim_strdup("name part must be no more than 63 bytes");
    return name_part(s, n) ? NULL : sim_strdup("name part must consist of " NAME_RULE);
}
