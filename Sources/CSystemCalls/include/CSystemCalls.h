// SPDX-License-Identifier: Apache-2.0
// System calls and macros that Swift's Glibc module does not show. Bodies that need _GNU_SOURCE are in calls.c.
#ifndef LASTWORD_CSYSTEMCALLS_H
#define LASTWORD_CSYSTEMCALLS_H

#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/types.h>

/// memrchr(3): the last `byte` in the first `count` bytes, or NULL.
const void *lastword_last_byte(const void *bytes, int byte, size_t count);

/// A close-on-exec, non-blocking eventfd(2) with the counter 0; -1 and errno on failure.
static inline int lastword_eventfd(void) {
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

/// Whether anybody has the regular file behind `descriptor`, which is open for reading alone, open for writing: 1, 0, or -1
/// where the kernel does not say (a file of somebody else's, a file system without leases).
int lastword_has_writer(int descriptor);

/// O_PATH of open(2): a descriptor that names a file without opening it.

/// An empty memory file, close-on-exec, that can be sealed; -1 and errno on failure.
int lastword_memory_file(const char *name);

/// Nobody can change the memory file any more; -1 and errno on failure.
int lastword_seal(int file);

/// An empty datagram with one descriptor, without waiting; -1 and errno on failure.
ssize_t lastword_send_descriptor(int socket, const struct sockaddr *address, socklen_t length, int file);

/// Whether the kernel's clock is being kept right by somebody: 1, 0, or -1 and errno. Asks and changes nothing, which needs
/// no right.
int lastword_clock_is_synchronised(void);

/// Gives back those pages of the program's and its libraries' files that are mapped and not written to; what is needed of
/// them is mapped again when it is touched. Returns the bytes of the segments, 0 where nothing was given back.
size_t lastword_release_program_pages(void);

/// Few heaps for all threads, instead of one for each: to be called before there are threads. What the C library keeps of
/// emptied heaps grows with their number.
void lastword_share_heaps(void);

/// Gives the heaps' empty pages back to the kernel (malloc_trim(3)).
void lastword_release_empty_pages(void);

#endif
