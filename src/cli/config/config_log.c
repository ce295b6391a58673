/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration's `log.fold`. */
#include <stdlib.h>

#include "base/log_fold.h"
#include "cli/config/config_parts.h"
#include "time/duration.h"

int config_read_fold(struct config_reading *r, struct json value)
{
    struct error err;
    bool off = json_type(value) == JSON_BOOL && !json_is_true(value);
    char *text = json_type(value) == JSON_STRING ? config_decode(value) : NULL;
    int rc = duration_parse_or_off(text  ? text
                                   : off ? "false"
                                         : json_type_name(json_type(value)),
                                   LOG_FOLD_LEAST, LOG_FOLD_MOST, &r->config->log_fold, &err);
    free(text);
    return rc ? config_wrong(r, r->at, "%s", err.message) : 0;
}
