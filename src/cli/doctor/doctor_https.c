/* SPDX-License-Identifier: Apache-2.0 */
/* The certificate of the daemon's own HTTP side, where it has one. */
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "admin/tls_pair.h"
#include "cli/doctor/doctor.h"

#define DAY INT64_C(86400)

static void tell_times(struct doctor *d, const char *file, const struct tls_pair *p)
{
    static const char cure[] = "put another one, and its key, into the files; the daemon takes them without a restart";
    char since[32], until[32];
    int64_t now = clock_seconds(NULL), left = p->until - now, soon = (p->until - p->since) / 5;
    clock_format(p->since * CLOCK_SECOND, false, since);
    clock_format(p->until * CLOCK_SECOND, false, until);
    if (left <= 0)
        doctor_say(d, DOCTOR_FAILED, cure, "%s expired on %s", file, until);
    else if (p->since > now)
        doctor_say(d, DOCTOR_FAILED, "is this machine's clock right?", "%s is not valid before %s", file, since);
    else if (left < (soon < 14 * DAY ? soon : 14 * DAY))
        doctor_say(d, DOCTOR_WARNING, cure, "%s expires on %s, in %" PRId64 " hours", file, until, left / 3600);
    else
        doctor_say(d, DOCTOR_OK, NULL, "%s fits its key, and expires on %s", file, until);
}

bool doctor_https(struct doctor *d)
{
    const struct config *c = &d->s.config;
    struct tls_files files = {c->tls_certificate, c->tls_key};
    struct tls_pair *pair;
    struct error err;
    struct stat is;
    if (!files.certificate) {
        doctor_say(d, DOCTOR_OK, NULL, "not used: what `listen` serves is HTTP");
        return true;
    }
    if (c->listen && strcmp(c->listen, "none") == 0) {
        doctor_say(d, DOCTOR_WARNING, "take `tls` out, or name an address with `listen`",
                   "`listen: none` serves nothing that the certificate of `tls` could be for");
        return true;
    }
    if (stat(files.key, &is) == 0 && (is.st_mode & 7))
        doctor_say(d, DOCTOR_WARNING, "let the daemon's user alone have it: chmod 600",
                   "%s can be read by everyone on this machine", files.key);
    if (tls_pair_read(&files, &pair, &err)) {
        doctor_say(d, DOCTOR_FAILED, "name a pair that fits with `tls: { certificate: FILE, key: FILE }`", "%s",
                   err.message);
        return true;
    }
    tell_times(d, files.certificate, pair);
    tls_pair_free(pair);
    return true;
}
