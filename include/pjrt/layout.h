/* Layouts: the order of an array's elements in memory, as plugins tell it, as
 * XLA writes it, and as byte strides.
 *
 *   {1,0}                      row-major
 *   {0,1}                      column-major
 *   {1,0:T(8,128)(2,1)}        tiles of 8 by 128, and in them of 2 by 1
 *   {1,0:T(*,128)}             rows are joined before they are cut in tiles
 *   {1,0:E(4)S(5)}             4 bits each, in memory space 5
 *
 * A layout says nothing of the element type and the dimensions; whatever needs
 * them takes them. */
#ifndef PJRT_LAYOUT_H_
#define PJRT_LAYOUT_H_

#include "pjrt/dtype.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_layout pjrt_layout;

/* The numbers equal PJRT_Buffer_MemoryLayout_Type. */
typedef enum pjrt_layout_kind {
  PJRT_LAYOUT_TILED = 0,  /* an order of dimensions, and tiles if any */
  PJRT_LAYOUT_STRIDES = 1 /* bytes from one index to the next */
} pjrt_layout_kind;

/* In a tile: the dimension is joined with the next faster one before tiles are
 * cut. XLA's text has a * there. */
#define PJRT_LAYOUT_JOIN INT64_MIN

/* ---- making -------------------------------------------------------------- */

/* Dense data in an order of its dimensions, from the fastest varying to the
 * slowest. INVALID_ARGUMENT: it does not name each of the dimensions once, or
 * they are more than 64.
 * @param minor_to_major [borrowed: call] may be NULL when num_dims is 0
 * @param out [owned: pjrt_layout_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_layout_from_order(
    const int64_t *minor_to_major, size_t num_dims, pjrt_layout **out);

/* Bytes from one index to the next, per dimension; any numbers are strides.
 * INVALID_ARGUMENT: more than 64 dimensions.
 * @param byte_strides [borrowed: call] may be NULL when num_dims is 0
 * @param out [owned: pjrt_layout_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_layout_from_byte_strides(
    const int64_t *byte_strides, size_t num_dims, pjrt_layout **out);

/* Reads XLA's text form, as it is printed: without blanks, and its parts in the
 * order T(...) tiles, L(n) tail alignment, E(n) element bits, S(n) memory space
 * and M(n) prefix bytes.
 * INVALID_ARGUMENT, telling where: anything else, an order that does not name
 * each dimension once, more than 64 dimensions, or in all tiles together.
 * UNIMPLEMENTED: what XLA's text has besides, by name: D(...) level types,
 * # and * types of sparse arrays, SC(...) split configurations, P(...) a
 * physical shape.
 * @param text [borrowed: call]
 * @param out [owned: pjrt_layout_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_layout_parse(const char *text,
                                                     size_t text_size,
                                                     pjrt_layout **out);

/* @param layout [taken] */
PJRT_API void pjrt_layout_free(pjrt_layout *layout);

/* ---- what it says -------------------------------------------------------- */

/* @param layout [borrowed: call] */
PJRT_API pjrt_layout_kind pjrt_layout_kind_of(const pjrt_layout *layout);

/* Tiled: the dimensions from the fastest varying to the slowest. Strides: an
 * empty list.
 * @param layout [borrowed: call]
 * @param out_num [borrowed: call] may be NULL
 * @return [borrowed: layout] */
PJRT_API const int64_t *pjrt_layout_minor_to_major(const pjrt_layout *layout,
                                                   size_t *out_num);

/* Tiled: how many levels of tiles there are; 0 for dense data.
 * @param layout [borrowed: call] */
PJRT_API size_t pjrt_layout_num_tiles(const pjrt_layout *layout);

/* The i-th tile's dimensions, PJRT_LAYOUT_JOIN among them; an empty list past
 * the end.
 * @param layout [borrowed: call]
 * @param out_num [borrowed: call] may be NULL
 * @return [borrowed: layout] */
PJRT_API const int64_t *pjrt_layout_tile(const pjrt_layout *layout, size_t i,
                                         size_t *out_num);

/* Strides: bytes from one index to the next, per dimension. Tiled: an empty
 * list.
 * @param layout [borrowed: call]
 * @param out_num [borrowed: call] may be NULL
 * @return [borrowed: layout] */
PJRT_API const int64_t *pjrt_layout_byte_strides(const pjrt_layout *layout,
                                                 size_t *out_num);

/* Whether it is tiled without tiles, with the last dimension fastest: C order.
 * @param layout [borrowed: call] */
PJRT_API bool pjrt_layout_is_row_major(const pjrt_layout *layout);

/* E(n): the bits that an element takes; 0: not told, which is the type's own
 * size. Plugins do not tell it.
 * @param layout [borrowed: call] */
PJRT_API int64_t pjrt_layout_element_bits(const pjrt_layout *layout);

/* S(n): XLA's number of the memory space; 0: the device's default.
 * @param layout [borrowed: call] */
PJRT_API int64_t pjrt_layout_memory_space(const pjrt_layout *layout);

/* L(n): the number of elements is padded to a multiple of n; 1: not at all.
 * @param layout [borrowed: call] */
PJRT_API int64_t pjrt_layout_tail_alignment(const pjrt_layout *layout);

/* M(n): bytes before the elements that tell an array's dynamic dimensions.
 * @param layout [borrowed: call] */
PJRT_API int64_t pjrt_layout_prefix_bytes(const pjrt_layout *layout);

/* XLA's text form, which pjrt_layout_parse reads. INVALID_ARGUMENT: byte
 * strides, which have none; pjrt_layout_to_tiled may turn them into what has.
 * @param layout [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_layout_to_text(
    const pjrt_layout *layout, char **out, size_t *out_size);

/* ---- for an array -------------------------------------------------------- */

/* All of these take the array's element type and dimensions, and are
 * INVALID_ARGUMENT for a type without elements, a negative dimension, a layout
 * of another rank or a damaged one (a plugin may tell any), E(n) of fewer bits
 * than the type has, and sizes that do not fit 63 bits.
 * They are UNIMPLEMENTED for types narrower than a byte where the layout does
 * not tell E(n): some plugins pack these, others do not, and none tells. */

/* The same memory as byte strides. FAILED_PRECONDITION, naming it, where there
 * are none: tiles, elements that begin within a byte, a prefix.
 * @param layout [borrowed: call]
 * @param dims [borrowed: call] may be NULL when num_dims is 0
 * @param out [owned: pjrt_layout_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_layout_to_strides(
    const pjrt_layout *layout, pjrt_dtype dtype, const int64_t *dims,
    size_t num_dims, pjrt_layout **out);

/* The same memory as an order of dimensions. FAILED_PRECONDITION, naming the
 * dimension, where strides are those of no dense array: repeated elements,
 * backwards, overlapping, or with gaps. A dimension of one element may have any
 * stride, and so may all where there are no elements.
 * @param layout [borrowed: call]
 * @param dims [borrowed: call] may be NULL when num_dims is 0
 * @param out [owned: pjrt_layout_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_layout_to_tiled(
    const pjrt_layout *layout, pjrt_dtype dtype, const int64_t *dims,
    size_t num_dims, pjrt_layout **out);

/* The bytes from the first to the last that the array takes, with the padding
 * of tiles and of L(n). UNIMPLEMENTED: a prefix of M(n) bytes.
 * @param layout [borrowed: call]
 * @param dims [borrowed: call] may be NULL when num_dims is 0
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_layout_size(const pjrt_layout *layout,
                                                    pjrt_dtype dtype,
                                                    const int64_t *dims,
                                                    size_t num_dims,
                                                    size_t *out);

/* Where an element lies: its first bit, counted from that of element 0, 0, ...,
 * which is that of the memory unless strides are negative. So an array can be
 * read from what pjrt_buffer_copy_raw_to_host copies. Which end of a byte
 * elements of less than a byte begin at is the plugin's affair.
 * OUT_OF_RANGE: an index past its dimension. UNIMPLEMENTED as above.
 * @param layout [borrowed: call]
 * @param dims [borrowed: call] may be NULL when num_dims is 0
 * @param index [borrowed: call] num_dims of them
 * @param out_bit [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_layout_element_at(
    const pjrt_layout *layout, pjrt_dtype dtype, const int64_t *dims,
    size_t num_dims, const int64_t *index, int64_t *out_bit);

PJRT_END_DECLS

#endif /* PJRT_LAYOUT_H_ */
