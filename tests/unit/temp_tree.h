/* A folder for one test, and the files in it. Paths are relative to it. */
#ifndef PJRT_TESTS_TEMP_TREE_H_
#define PJRT_TESTS_TEMP_TREE_H_

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct temp_tree {
  char root[PATH_MAX / 4];
} temp_tree;

static inline void temp_fail(const char *what, const char *path) {
  perror(path);
  fprintf(stderr, "cannot %s\n", what);
  abort();
}

static inline void temp_tree_make(temp_tree *tree) {
  const char *base = getenv("TMPDIR");
  snprintf(tree->root, sizeof tree->root, "%s/pjrt-test-XXXXXX",
           base && *base ? base : "/tmp");
  if (!mkdtemp(tree->root)) temp_fail("make a folder", tree->root);
}

static inline int temp_remove(const char *path, const struct stat *info,
                              int kind, struct FTW *where) {
  (void)info;
  (void)kind;
  (void)where;
  return remove(path);
}

static inline void temp_tree_remove(temp_tree *tree) {
  nftw(tree->root, temp_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* The whole path of a file in the tree; in a buffer of `out`. */
typedef struct temp_path {
  char text[PATH_MAX];
} temp_path;

static inline const char *temp_at(const temp_tree *tree, const char *path,
                                  temp_path *out) {
  snprintf(out->text, sizeof out->text, "%s/%s", tree->root, path);
  return out->text;
}

/* Makes the folders that a path leads through. */
static inline void temp_make_folders(char *path) {
  for (char *slash = strchr(path + 1, '/'); slash;
       slash = strchr(slash + 1, '/')) {
    *slash = 0;
    mkdir(path, 0755);
    *slash = '/';
  }
}

static inline void temp_write(const temp_tree *tree, const char *path,
                              const void *data, size_t size) {
  temp_path full;
  temp_at(tree, path, &full);
  temp_make_folders(full.text);
  FILE *file = fopen(full.text, "wb");
  if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0) {
    temp_fail("write", full.text);
  }
}

static inline void temp_write_text(const temp_tree *tree, const char *path,
                                   const char *text) {
  temp_write(tree, path, text, strlen(text));
}

static inline void temp_folder(const temp_tree *tree, const char *path) {
  temp_path full;
  temp_at(tree, path, &full);
  temp_make_folders(full.text);
  mkdir(full.text, 0755);
}

static inline void temp_link(const temp_tree *tree, const char *path,
                             const char *target) {
  temp_path full;
  temp_at(tree, path, &full);
  temp_make_folders(full.text);
  if (symlink(target, full.text) != 0) temp_fail("link", full.text);
}

#endif /* PJRT_TESTS_TEMP_TREE_H_ */
