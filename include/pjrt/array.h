/* Host arrays: the one meeting point of files, buffers and text.
 *
 * An array is an element type, dimensions, byte strides, memory, and who owns
 * the memory. Elements are in host form (dtype.h). npy files read into it and
 * write from it, upload takes it, download fills it, the command prints it. */
#ifndef PJRT_ARRAY_H_
#define PJRT_ARRAY_H_

#include "pjrt/dtype.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_array pjrt_array;

/* The alignment of memory from pjrt_host_alloc, which is what plugins want for
 * taking host memory without a copy. */
#define PJRT_HOST_ALIGNMENT 64

/* Memory aligned to PJRT_HOST_ALIGNMENT, not cleared. `size` 0 gives a pointer
 * that may be freed and not read. RESOURCE_EXHAUSTED when memory is short.
 * @param out [owned: pjrt_host_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_host_alloc(size_t size, void **out);

/* @param memory [taken] */
PJRT_API void pjrt_host_free(void *memory);

/* Gives back memory that was lent.
 * @param data [taken]
 * @param user [borrowed: call] */
typedef void (*pjrt_release_fn)(void *data, void *user);

/* An array of zeros in memory of its own, dense, row-major and aligned to
 * PJRT_HOST_ALIGNMENT. INVALID_ARGUMENT for a negative dimension, a type
 * without elements, or a size that does not fit in memory.
 * @param dims [borrowed: call] may be NULL when num_dims is 0
 * @param out [owned: pjrt_array_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_array_create(pjrt_dtype dtype,
                                                     const int64_t *dims,
                                                     size_t num_dims,
                                                     pjrt_array **out);

/* An array over the caller's memory. `byte_strides` NULL means dense and
 * row-major; strides may be zero or negative, and `data` is the first
 * element's address. `release` is called once, when the array is freed or
 * when this call fails; NULL when there is nothing to give back.
 * @param dims [borrowed: call]
 * @param byte_strides [borrowed: call] num_dims of them, or NULL
 * @param data [borrowed: out] until release is called
 * @param user [borrowed: out] passed to release
 * @param out [owned: pjrt_array_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_array_wrap(
    pjrt_dtype dtype, const int64_t *dims, size_t num_dims,
    const int64_t *byte_strides, void *data, pjrt_release_fn release,
    void *user, pjrt_array **out);

/* A dense, row-major, aligned copy.
 * @param array [borrowed: call]
 * @param out [owned: pjrt_array_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_array_copy(const pjrt_array *array,
                                                   pjrt_array **out);

/* @param array [taken] */
PJRT_API void pjrt_array_free(pjrt_array *array);

/* @param array [borrowed: call] */
PJRT_API pjrt_dtype pjrt_array_dtype(const pjrt_array *array);

/* @param array [borrowed: call]
 * @param out_num [borrowed: call] may be NULL
 * @return [borrowed: array] never NULL */
PJRT_API const int64_t *pjrt_array_dims(const pjrt_array *array,
                                        size_t *out_num);

/* Bytes from one index to the next, per dimension.
 * @param array [borrowed: call]
 * @param out_num [borrowed: call] may be NULL
 * @return [borrowed: array] never NULL */
PJRT_API const int64_t *pjrt_array_byte_strides(const pjrt_array *array,
                                                size_t *out_num);

/* @param array [borrowed: call] */
PJRT_API size_t pjrt_array_num_elements(const pjrt_array *array);

/* Bytes of all elements in host form, without gaps.
 * @param array [borrowed: call] */
PJRT_API size_t pjrt_array_size(const pjrt_array *array);

/* Whether the memory is row-major without gaps, so that data and size describe
 * it wholly.
 * @param array [borrowed: call] */
PJRT_API bool pjrt_array_is_dense(const pjrt_array *array);

/* The first element's address. Writing to it is the owner's business: an array
 * from a read-only mapping must not be written.
 * @param array [borrowed: call]
 * @return [borrowed: array] */
PJRT_API void *pjrt_array_data(const pjrt_array *array);

/* Takes the same bytes for another element type of the same host size, for
 * files that cannot spell a type (NumPy stores bfloat16 as "V2").
 * INVALID_ARGUMENT when the sizes differ.
 * @param array [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_array_reinterpret(pjrt_array *array,
                                                          pjrt_dtype dtype);

/* Reads an array from text: "4xf32=1,2,3,4", "2x2xs32=[[1 2][3 4]]", "f32=1".
 * Commas, blanks and brackets separate elements, and mean nothing else; one
 * element fills the whole array; no "=..." gives zeros. Integers are decimal or
 * 0x1f; floats take decimal, 0x1p-3, inf and nan, and round to double and then
 * to the type; complex elements are "1+2i" or "(1,2)"; bools are true, false,
 * 1, 0. The locale does not matter. INVALID_ARGUMENT names what was expected
 * and what came.
 * @param text [borrowed: call]
 * @param out [owned: pjrt_array_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_array_parse(const char *text,
                                                    size_t text_size,
                                                    pjrt_array **out);

/* Writes the array in the same text form, "2x2xs32=[1 2][3 4]", without a line
 * end: the rows of every dimension but the first in brackets, floats with the
 * fewest digits that read back equal (and all before the point, up to 1e9). At
 * most `max_elements` are written, the rest becomes "..."; 0 means all. The
 * stream is flushed; when it fails, the error is the system's,
 * RESOURCE_EXHAUSTED for a full disk.
 * @param array [borrowed: call]
 * @param to [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_array_print(const pjrt_array *array,
                                                    size_t max_elements,
                                                    FILE *to);

/* How two arrays are compared. */
typedef struct pjrt_tolerance {
  size_t struct_size;
  uint64_t ulps;   /* floats: units in the last place of the type; default 0 */
  double absolute; /* or within this; default 0 */
  double relative; /* or within this times the expected magnitude; default 0 */
} pjrt_tolerance;

/* Exact comparison; NaN equals NaN, and 0 equals -0. Under every tolerance
 * infinity equals infinity of the same sign alone.
 * @param tolerance [borrowed: call] */
PJRT_API void pjrt_tolerance_init(pjrt_tolerance *tolerance);

/* Compares element by element; a float is right when any one of the three
 * bounds holds, everything else must be equal. A complex element is right when
 * both parts are; its magnitude is that of the whole number. DATA_LOSS, naming
 * the first difference, the number of them and the largest, when they differ;
 * INVALID_ARGUMENT when type or dimensions differ.
 * @param actual [borrowed: call]
 * @param expected [borrowed: call]
 * @param tolerance [borrowed: call] NULL: exact */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_array_compare(
    const pjrt_array *actual, const pjrt_array *expected,
    const pjrt_tolerance *tolerance);

PJRT_END_DECLS

#endif /* PJRT_ARRAY_H_ */
