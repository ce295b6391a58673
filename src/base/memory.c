/* SPDX-License-Identifier: Apache-2.0 */
/* glibc's thresholds for giving memory back. */
#include "base/memory.h"

#include <malloc.h>

#define LARGE (128 << 10) /* pieces from here on are mapped by themselves */
#define KEPT (512 << 10)  /* so much may stay free at a heap's end */

void memory_give_back(void)
{
#ifdef __GLIBC__
    /* These are glibc's defaults, but once set they stay: by itself it raises both with the first large piece that is
     * freed, up to 32 and 64 MB, for each thread's heap. */
    mallopt(M_MMAP_THRESHOLD, LARGE);
    mallopt(M_TRIM_THRESHOLD, KEPT);
#endif
}

void memory_trim(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
