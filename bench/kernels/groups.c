// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>

#include "kernels.h"

extern const struct Kernel kControlKernels[];
extern const struct Kernel kMemoryKernels[];
extern const struct Kernel kArithmeticKernels[];

const struct Kernel* const kKernelGroups[] = {kControlKernels, kMemoryKernels, kArithmeticKernels,
                                              NULL};
