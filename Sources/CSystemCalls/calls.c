// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CSystemCalls.h"

#include <fcntl.h>
#include <string.h>


const void *lastword_last_byte(const void *bytes, int byte, size_t count) {
    return memrchr(bytes, byte, count);
}
