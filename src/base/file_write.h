/* Files written whole or not at all. */
#ifndef PJRT_BASE_FILE_WRITE_H_
#define PJRT_BASE_FILE_WRITE_H_

#include "pjrt/error.h"

/* A part of what is written. */
typedef struct pjrt_file_part {
  const void *data;
  size_t size;
} pjrt_file_part;

/* Writes the parts one after the other into a temporary file beside `path`,
 * flushes it to disk and renames it over `path`; on failure `path` is as it was
 * and the temporary file is gone. A file that is there keeps its mode, and a
 * symbolic link keeps pointing to it. Devices and FIFOs, which nothing can be
 * renamed over without destroying them, are written in place. `what` starts
 * every message, as in file.h. */
pjrt_error *pjrt_file_write(const char *what, const char *path,
                            const pjrt_file_part *parts, size_t num_parts)
    __attribute__((warn_unused_result));

#endif /* PJRT_BASE_FILE_WRITE_H_ */
