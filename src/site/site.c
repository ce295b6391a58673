/* SPDX-License-Identifier: Apache-2.0 */
/* Counts what is open on a site, and keeps the list of what scripts have opened. */
#include "site/site.h"

#include <utlist.h>

int64_t site_silence_us(const struct site *site)
{
    return site->silence_us ? site->silence_us : SITE_SILENCE_US;
}

unsigned site_watches_max(const struct site *site)
{
    return site->watches_max ? site->watches_max : SITE_WATCHES;
}

void site_opened(struct site *site)
{
    site->open++;
}

void site_closed(struct site *site)
{
    site->open--;
    if (site->closed)
        site->closed(site->data);
}

void site_link(struct site *site, struct site_link *link)
{
    DL_APPEND(site->links, link);
}

void site_unlink(struct site *site, struct site_link *link)
{
    DL_DELETE(site->links, link);
}

void site_close_links(struct site *site)
{
    while (site->links)
        site->links->close(site->links);
}

unsigned site_count_links(const struct site *site, const void *owner)
{
    const struct site_link *link;
    unsigned n = 0;
    DL_FOREACH(site->links, link)
    n += link->owner && (!owner || link->owner == owner);
    return n;
}
