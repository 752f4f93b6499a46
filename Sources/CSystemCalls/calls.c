// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CSystemCalls.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

const int lastword_o_path = O_PATH;

const void *lastword_last_byte(const void *bytes, int byte, size_t count) {
    return memrchr(bytes, byte, count);
}

// A read lease is given only while nobody writes (fcntl(2), "Leases"). Given back at once, it keeps nobody waiting.
int lastword_has_writer(int descriptor) {
    if (fcntl(descriptor, F_SETLEASE, F_RDLCK) == 0) {
        fcntl(descriptor, F_SETLEASE, F_UNLCK);
        return 0;
    }
    return errno == EAGAIN ? 1 : -1;
}
