/* The few things that the command does with files. */
#ifndef CLI_FILES_H_
#define CLI_FILES_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Writes a file whole or not at all: into a temporary file beside it, then
 * renamed over it. False with errno set when that fails. */
bool write_whole_file(const char *path, const void *data, size_t size);

/* The bytes of a file or pipe, read to the end [owned: free]; NULL with errno
 * set when that fails. */
void *read_whole_file(const char *path, size_t *out_size);
void *read_to_end(FILE *file, size_t *out_size);

/* Makes a folder and those above it. False with errno set. */
bool make_folders(const char *path);

/* Removes a folder with everything in it, as far as that is possible. */
void remove_tree(const char *path);

/* The text that printf would print [owned: free]; NULL when memory is short. */
char *format_text(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#endif /* CLI_FILES_H_ */
