/* The folder of a compile cache: files that appear whole or not at all.
 *
 * It is used through a descriptor, so that it stays the folder that was
 * checked. Readers take no lock: an entry is renamed into its place, and its
 * bytes stay with whoever mapped them when it is removed. Who changes something
 * holds the lock of the file "lock", which the system drops when its holder is
 * killed; so there is never more than one unfinished file, ".new", and whoever
 * gets the lock may overwrite it. */
#ifndef PJRT_CACHE_FOLDER_H_
#define PJRT_CACHE_FOLDER_H_

#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/file_write.h"
#include "cache/key.h"

typedef struct pjrt_cache_folder {
  int fd;
  char *path; /* for messages */
  /* How long to wait for the lock: a holder may be stopped for ever. */
  int64_t patience_ns;
} pjrt_cache_folder;

/* Makes the folder if `create`. PERMISSION_DENIED when it is somebody else's,
 * or others may write to it. Close it, also when this fails. */
pjrt_error *pjrt_cache_folder_open(const char *path, bool create,
                                   pjrt_cache_folder *out)
    __attribute__((warn_unused_result));
void pjrt_cache_folder_close(pjrt_cache_folder *folder);

/* ---- entries ------------------------------------------------------------- */

typedef struct pjrt_cache_item {
  char name[PJRT_CACHE_NAME_SIZE];
  uint64_t size;
  struct timespec used;
} pjrt_cache_item;

/* All entries, the least recently used first; free() it. */
pjrt_error *pjrt_cache_folder_list(const pjrt_cache_folder *folder,
                                   pjrt_cache_item **out, size_t *out_num)
    __attribute__((warn_unused_result));

typedef struct pjrt_cache_file {
  pjrt_mapping mapping;
  ino_t inode; /* 0: there is none */
} pjrt_cache_file;

/* Maps an entry. NOT_FOUND when there is none; DATA_LOSS when it is no file
 * that a cache wrote, with the inode set. Unmap the mapping. */
pjrt_error *pjrt_cache_folder_map(const pjrt_cache_folder *folder,
                                  const char *name, pjrt_cache_file *out)
    __attribute__((warn_unused_result));

/* Marks an entry as used now. */
void pjrt_cache_folder_touch(const pjrt_cache_folder *folder, const char *name);

/* ---- changing, under the lock -------------------------------------------- */

/* Waits for the lock; DEADLINE_EXCEEDED when patience ends. */
pjrt_error *pjrt_cache_folder_lock(const pjrt_cache_folder *folder, int *out)
    __attribute__((warn_unused_result));

/* Drops it. Closing alone would not: a child that was forked meanwhile has the
 * descriptor too. */
void pjrt_cache_folder_unlock(int lock);

pjrt_error *pjrt_cache_folder_write(const pjrt_cache_folder *folder,
                                    const char *name,
                                    const pjrt_file_part *parts,
                                    size_t num_parts)
    __attribute__((warn_unused_result));

/* Removes the entry; with `inode`, only if it is still that file. */
void pjrt_cache_folder_remove(const pjrt_cache_folder *folder, const char *name,
                              ino_t inode);

/* Removes what a writer that was killed left. */
void pjrt_cache_folder_clean(const pjrt_cache_folder *folder);

/* ---- what happened ------------------------------------------------------- */

/* Why an entry is not there, a line for each, for explaining. Old lines go when
 * there are too many. */
void pjrt_cache_history_add(const pjrt_cache_folder *folder, const char *name,
                            const char *text);

/* The last line of an entry; NULL when there is none. free() it. */
char *pjrt_cache_history_find(const pjrt_cache_folder *folder,
                              const char *name);
void pjrt_cache_history_clear(const pjrt_cache_folder *folder);

#endif /* PJRT_CACHE_FOLDER_H_ */
