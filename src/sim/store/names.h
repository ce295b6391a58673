/* SPDX-License-Identifier: Apache-2.0 */
/* What a name, a label and its value may look like in Kubernetes. Pure. */
#ifndef SIM_STORE_NAMES_H
#define SIM_STORE_NAMES_H
#include <stdbool.h>
#include <stddef.h>

/* The rules in the words of the API server. */
#define NAME_RULE                                                                                                      \
    "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName', " \
    " or "                                                                                                             \
    "'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
#define SUBDOMAIN_RULE                                                                                                 \
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "   \
    "and end "                                                                                                         \
    "with an alphanumeric character (e.g. 'example.com', regex used for validation is "                                \
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

bool label_value_valid(const char *s);
char *qualified_name_problem(const char *s);   /* of "prefix/name"; NULL: it is good. To be freed */
bool dns_subdomain(const char *s, size_t max); /* a lowercase name of at most so many bytes */
#endif
