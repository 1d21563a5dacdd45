/* A line for each event: the digits of the entry's key, a blank, and the text.
 * A line that a killed process left unfinished makes itself and the next one
 * useless, and nothing else. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/folder.h"

#define HISTORY "history"

enum { MAX_HISTORY = 1 << 18, MAX_LINE = 400 };

static const char *key_of(const char *name) {
  return name + PJRT_CACHE_PROGRAM_DIGITS + 1;
}

void pjrt_cache_history_add(const pjrt_cache_folder *folder, const char *name,
                            const char *text) {
  char line[MAX_LINE];
  struct stat info;
  snprintf(line, sizeof line, "%.*s %s", PJRT_CACHE_KEY_DIGITS, key_of(name),
           text);
  for (char *c = line; *c; c++) {
    if (*c == '\n') *c = ' ';
  }
  const int fd =
      openat(folder->fd, HISTORY,
             O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return;
  if (fstat(fd, &info) == 0 && info.st_size > MAX_HISTORY) {
    (void)!ftruncate(fd, 0);
  }
  /* In one call, so that a line is whole or the last one. */
  const size_t size = strlen(line);
  line[size] = '\n';
  (void)!write(fd, line, size + 1);
  close(fd);
}

static char *last_line_of(FILE *file, const char *key) {
  char line[MAX_LINE];
  char *found = NULL;
  while (fgets(line, sizeof line, file)) {
    const size_t size = strcspn(line, "\n");
    line[size] = 0;
    if (size <= PJRT_CACHE_KEY_DIGITS || line[PJRT_CACHE_KEY_DIGITS] != ' ' ||
        memcmp(line, key, PJRT_CACHE_KEY_DIGITS) != 0) {
      continue;
    }
    free(found);
    found = strdup(line + PJRT_CACHE_KEY_DIGITS + 1);
  }
  return found;
}

char *pjrt_cache_history_find(const pjrt_cache_folder *folder,
                              const char *name) {
  const int fd = openat(folder->fd, HISTORY,
                        O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
  if (!file) {
    if (fd >= 0) close(fd);
    return NULL;
  }
  char *found = last_line_of(file, key_of(name));
  fclose(file);
  return found;
}

void pjrt_cache_history_clear(const pjrt_cache_folder *folder) {
  (void)!unlinkat(folder->fd, HISTORY, 0);
}
