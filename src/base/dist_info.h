/* The two files that tell what an installed Python package is: RECORD, the CSV
 * table of its files, and entry_points.txt, what it offers to other packages.
 *
 * Pure text, no files. Both are written by strangers: whatever is in them, a
 * path that is accepted here stays inside the folder of the packages. */
#ifndef PJRT_BASE_DIST_INFO_H_
#define PJRT_BASE_DIST_INFO_H_

#include <stdbool.h>
#include <stddef.h>

/* A part of somebody else's text. */
typedef struct pjrt_span {
  const char *text;
  size_t size;
} pjrt_span;

bool pjrt_span_equal(pjrt_span span, const char *nul_ended);

/* Reads RECORD row by row. The text is unquoted in place. */
typedef struct pjrt_record {
  char *at;
  char *end;
} pjrt_record;

/* The path in the next row; false after the last row. */
bool pjrt_record_next(pjrt_record *record, pjrt_span *out_path);

/* Whether a path of RECORD names a file below the packages' folder. Scripts
 * and data legitimately lie outside. */
bool pjrt_record_path_is_inside(pjrt_span path);

/* Whether a file's name is that of a shared library which is not a Python
 * extension module: "x.so", but not "x.cpython-311-x86_64-linux-gnu.so". */
bool pjrt_is_plain_library_name(pjrt_span path);

/* Reads entry_points.txt as importlib.metadata does. */
typedef struct pjrt_entry_points {
  const char *at;
  const char *end;
  pjrt_span group; /* of the entry that was read last */
} pjrt_entry_points;

typedef struct pjrt_entry_point {
  pjrt_span group;
  pjrt_span name;
  pjrt_span module; /* dotted; empty when it is no module's name */
} pjrt_entry_point;

/* The next entry; false after the last. */
bool pjrt_entry_points_next(pjrt_entry_points *reader, pjrt_entry_point *out);

/* Whether a path of RECORD lies in a module's folder. */
bool pjrt_module_contains(pjrt_span module, pjrt_span path);

#endif /* PJRT_BASE_DIST_INFO_H_ */
