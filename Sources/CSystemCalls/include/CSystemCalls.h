// SPDX-License-Identifier: Apache-2.0
// System calls and macros that Swift's Glibc module does not show. Bodies that need _GNU_SOURCE are in calls.c.
#ifndef LASTWORD_CSYSTEMCALLS_H
#define LASTWORD_CSYSTEMCALLS_H

#include <stddef.h>
#include <sys/eventfd.h>

/// memrchr(3): the last `byte` in the first `count` bytes, or NULL.
const void *lastword_last_byte(const void *bytes, int byte, size_t count);

/// A close-on-exec, non-blocking eventfd(2) with the counter 0; -1 and errno on failure.
static inline int lastword_eventfd(void) {
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

/// O_PATH of open(2): a descriptor that names a file without opening it.

#endif
