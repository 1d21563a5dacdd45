/* A checksum for files of any size: XXH64 with the seed 0. It finds damage, at
 * the speed of memory; whoever wants to can make bytes to any sum. */
#ifndef PJRT_BASE_CHECKSUM_H_
#define PJRT_BASE_CHECKSUM_H_

#include <stddef.h>
#include <stdint.h>

uint64_t pjrt_checksum(const void *data, size_t size);

/* Of all but the eight bytes at `at`, where the sum itself is to stand. */
uint64_t pjrt_checksum_around(const void *data, size_t size, size_t at);

#endif /* PJRT_BASE_CHECKSUM_H_ */
