/* NumPy's .npy files, read and written strictly.
 *
 * Versions 1.0 to 3.0, little-endian and single-byte types, C and Fortran
 * order. A header is never trusted: every length is checked against the file
 * before it is used. */
#ifndef PJRT_IO_NPY_H_
#define PJRT_IO_NPY_H_

#include "pjrt/array.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_npy_opts {
  size_t struct_size;
  /* The element type to take for descriptors that name none, such as "V2",
   * and to require of the others. INVALID: whatever the file says, where "V1"
   * and "V2" are then refused. Default PJRT_DTYPE_INVALID. */
  pjrt_dtype dtype;
} pjrt_npy_opts;

/* @param opts [borrowed: call] */
PJRT_API void pjrt_npy_opts_init(pjrt_npy_opts *opts);

/* Reads a file by mapping it: the array's data is the file's page cache, read
 * only, and aligned to PJRT_HOST_ALIGNMENT as NumPy writes it. The file must
 * not shrink meanwhile. It must end with its data. NOT_FOUND or
 * PERMISSION_DENIED when it cannot be opened, INVALID_ARGUMENT when it is not a
 * file or not a valid .npy, each naming path, what was expected and what came.
 * @param path [borrowed: call]
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_array_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_npy_read(const char *path,
                                                 size_t path_size,
                                                 const pjrt_npy_opts *opts,
                                                 pjrt_array **out);

/* Reads an .npy image from memory; the array borrows it.
 * @param data [borrowed: out]
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_array_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_npy_read_memory(
    const void *data, size_t size, const pjrt_npy_opts *opts, pjrt_array **out);

/* Writes a file whole or not at all: into a temporary file beside it, then
 * renamed over it; a device or FIFO is written in place. In row-major order,
 * with the header that NumPy would write. Types that NumPy lacks are written as
 * raw bytes, "V1" and "V2", as ml_dtypes does, and so is F8E5M2, for which
 * ml_dtypes writes "f1": that is read, but NumPy cannot read it.
 * RESOURCE_EXHAUSTED on a full disk, PERMISSION_DENIED, NOT_FOUND.
 * @param path [borrowed: call]
 * @param array [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_npy_write(const char *path,
                                                  size_t path_size,
                                                  const pjrt_array *array);

PJRT_END_DECLS

#endif /* PJRT_IO_NPY_H_ */
