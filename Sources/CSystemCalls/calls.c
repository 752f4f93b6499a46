// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CSystemCalls.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/timex.h>
#include <unistd.h>

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

// adjtimex(2): an NTP client clears STA_UNSYNC, and the kernel sets it again when nobody has for a while.
int lastword_clock_is_synchronised(void) {
    struct timex state = {0};
    if (adjtimex(&state) < 0) return -1;
    return state.status & STA_UNSYNC ? 0 : 1;
}

int lastword_memory_file(const char *name) {
    return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

int lastword_seal(int file) {
    return fcntl(file, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
}

ssize_t lastword_send_descriptor(int socket, const struct sockaddr *address, socklen_t length, int file) {
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr message = {
        .msg_name = (void *)address,
        .msg_namelen = length,
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };
    struct cmsghdr *first = CMSG_FIRSTHDR(&message);
    first->cmsg_level = SOL_SOCKET;
    first->cmsg_type = SCM_RIGHTS;
    first->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(first), &file, sizeof file);
    return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

// Of the program and its libraries. A segment that is written to is private once it is, and would be lost.
static int release_segments(struct dl_phdr_info *info, size_t size, void *released) {
    (void)size;
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int index = 0; index < info->dlpi_phnum; index++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[index];
        if (header->p_type != PT_LOAD || (header->p_flags & PF_W)) continue;
        const uintptr_t begin = info->dlpi_addr + header->p_vaddr;
        const uintptr_t first = begin & ~(page - 1);
        const size_t length = begin + header->p_memsz - first;
        if (madvise((void *)first, length, MADV_DONTNEED) == 0) *(size_t *)released += length;
    }
    return 0;
}

size_t lastword_release_program_pages(void) {
    size_t released = 0;
    dl_iterate_phdr(release_segments, &released);
    return released;
}

void lastword_share_heaps(void) {
    mallopt(M_ARENA_MAX, 2);
}

void lastword_release_empty_pages(void) {
    malloc_trim(0);
}
