/* One request as the daemon makes them, watched closely: how far it came, and which certificate the server has. Blocks,
 * with a time limit. */
#ifndef MPIJOBD_CLI_DOCTOR_DOCTOR_PROBE_H
#define MPIJOBD_CLI_DOCTOR_DOCTOR_PROBE_H

#include <openssl/x509.h>

#include "http/tls_material.h"
#include "kube/config/config.h"

enum probe_reach {
    PROBE_NOTHING,   /* no name, no connection */
    PROBE_CONNECTED, /* and no agreement on TLS */
    PROBE_TRUSTED,   /* and no answer (without TLS: the same as connected) */
    PROBE_ANSWERED,
};

struct probe {
    bool tls;
    enum probe_reach reach;
    bool timeout;
    char detail[256];                     /* why it came no further */
    char host[256], port[8], address[64]; /* of the server; address: connected to (a proxy's maybe), "" if not */
    X509 *certificate;                    /* the server's, verified or not; NULL: none was shown */
    int status;
    int64_t date, received; /* the Date header, seconds, 0: none; our clock when it came, microseconds */
};

/* GET /version, without credentials but for the client certificate. material: whom to trust and who we are; NULL: trust
 * anybody and show nothing. Errors: bad URL, out of memory. */
int probe_run(struct probe *probe, const struct kube_config *config, const struct tls_material *material,
              uint64_t timeout_ms, struct error *err);
void probe_free(struct probe *probe);

#endif
