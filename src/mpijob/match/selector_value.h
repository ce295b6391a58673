/* SPDX-License-Identifier: Apache-2.0 */
/* What a label may be so that every requirement about it holds. */
#ifndef MPIJOBD_MPIJOB_MATCH_SELECTOR_VALUE_H
#define MPIJOBD_MPIJOB_MATCH_SELECTOR_VALUE_H

#include "mpijob/match/selector.h"

#define SELECTOR_VALUE_SIZE 64 /* bytes of a label's value, and a NUL */

enum selector_found {
    SELECTOR_NONE,   /* no job can have a value that all of them accept */
    SELECTOR_ABSENT, /* they hold where the label is not there */
    SELECTOR_VALUE,
};
/* For all requirements of the selectors that are about the key. value: one that they accept; "" otherwise. */
enum selector_found selector_value(const struct selector *const *selectors, size_t count, const char *key,
                                   char value[SELECTOR_VALUE_SIZE]);

#endif
