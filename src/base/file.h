/* Files: opened without surprises, mapped or read whole.
 *
 * In every function `what` is what the file was given as, such as "plugin" or
 * "manifest"; messages start with it and the path. */
#ifndef PJRT_BASE_FILE_H_
#define PJRT_BASE_FILE_H_

#include <dirent.h>

#include "pjrt/error.h"

typedef struct pjrt_mapping {
  const unsigned char *data;
  size_t size;
} pjrt_mapping;

/* Maps a regular file for reading. Never blocks: a FIFO, a device, a socket or
 * a folder is INVALID_ARGUMENT. Whoever truncates the file while it is mapped
 * makes reads of it end the process, as with any loaded library. */
pjrt_error *pjrt_file_map(const char *what, const char *path, pjrt_mapping *out)
    __attribute__((warn_unused_result));

/* Accepts a mapping of zeros. */
void pjrt_file_unmap(pjrt_mapping *mapping);

/* Reads a whole regular file; OUT_OF_RANGE when it has more than `limit`
 * bytes. A NUL follows the text; free() it. */
pjrt_error *pjrt_file_read(const char *what, const char *path, size_t limit,
                           char **out, size_t *out_size)
    __attribute__((warn_unused_result));

/* The names in a folder, sorted by their bytes, without those that start with a
 * dot. A folder that is missing or cannot be read has none. */
typedef struct pjrt_folder {
  struct dirent **entries;
  size_t num;
} pjrt_folder;

pjrt_error *pjrt_folder_open(const char *path, pjrt_folder *out)
    __attribute__((warn_unused_result));

/* Accepts a folder of zeros. */
void pjrt_folder_close(pjrt_folder *folder);

bool pjrt_text_has_suffix(const char *text, const char *suffix);

/* A path made with a format; free() it. */
pjrt_error *pjrt_path_format(char **out, const char *format, ...)
    __attribute__((format(printf, 2, 3), warn_unused_result));

#endif /* PJRT_BASE_FILE_H_ */
