// SPDX-License-Identifier: Apache-2.0
// System calls and macros that Swift's Glibc module does not show.
#ifndef LASTWORD_CSYSTEMCALLS_H
#define LASTWORD_CSYSTEMCALLS_H
#endif
