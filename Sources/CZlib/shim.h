// SPDX-License-Identifier: Apache-2.0
#ifndef LASTWORD_CZLIB_SHIM_H
#define LASTWORD_CZLIB_SHIM_H
#include <zlib.h>
#endif
