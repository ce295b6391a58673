/* Client certificates, which libmicrohttpd leaves to GnuTLS and to us. */
#include "sim/front.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

static bool read_name(gnutls_session_t session, char name[128])
{
    unsigned count = 0;
    size_t size = 128;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
    gnutls_x509_crt_t certificate;
    if (!chain || !count || gnutls_x509_crt_init(&certificate))
        return false;
    bool good = !gnutls_x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER) &&
                !gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &size);
    gnutls_x509_crt_deinit(certificate);
    return good;
}

bool front_certificate(struct MHD_Connection *mhd, char name[128])
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    gnutls_session_t session = info ? info->tls_session : NULL;
    unsigned status = 0, count = 0;
    name[0] = 0;
    if (!session || !gnutls_certificate_get_peers(session, &count) || !count)
        return true;
    if (gnutls_certificate_verify_peers2(session, &status) || status)
        return false;
    return read_name(session, name);
}
