/* Shardings: how the parameters and outputs of a partitioned program are split
 * over its devices, as the Shardings extension tells it, as XLA writes it, as
 * slices and as pictures.
 *
 *   {replicated}                        all of it on every device
 *   {maximal device=3}                  all of it on one
 *   {devices=[2,2]0,1,2,3}              2 by 2 tiles, a device each
 *   {devices=[2,2]<=[4]}                the same
 *   {devices=[2,2]<=[2,2]T(1,0)}        the same, by columns: 0,2,1,3
 *   {devices=[2,1,2]<=[4] last_tile_dim_replicate}
 *                                       2 tiles of rows, 2 devices each
 *   {manual}                            as the program itself sees fit
 *   {{replicated}, {manual}}            of a tuple, element by element
 *
 * Devices here are partitions of the program: numbers from 0, which its device
 * assignment turns into devices. A sharding says nothing of the dimensions;
 * whatever needs those of the whole array takes them. */
#ifndef PJRT_EXT_SHARDINGS_H_
#define PJRT_EXT_SHARDINGS_H_

#include "pjrt/compiled.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_sharding pjrt_sharding;

/* The numbers equal OpSharding.Type. */
typedef enum pjrt_sharding_kind {
  PJRT_SHARDING_REPLICATED = 0, /* all of it on every device */
  PJRT_SHARDING_MAXIMAL = 1,    /* all of it on one device */
  PJRT_SHARDING_TUPLE = 2,      /* of several arrays */
  PJRT_SHARDING_TILED = 3,
  PJRT_SHARDING_MANUAL = 4,   /* the program works on parts by itself */
  PJRT_SHARDING_UNKNOWN = 5,  /* left to the compiler */
  PJRT_SHARDING_UNREDUCED = 6 /* every device has a summand of all of it */
} pjrt_sharding_kind;

/* A number that shardings share which the compiler is to keep equal, or
 * alike. */
typedef enum pjrt_shard_group {
  PJRT_SHARD_GROUP_NONE = 0,
  PJRT_SHARD_GROUP_AS = 1,
  PJRT_SHARD_GROUP_LIKE = 2
} pjrt_shard_group;

/* ---- of programs --------------------------------------------------------- */

/* How an executable's i-th parameter is split.
 * UNIMPLEMENTED where the plugin has no such extension, and for what XLA has
 * besides: named shardings. NOT_FOUND where it tells none, as of programs of
 * one partition. INVALID_ARGUMENT past the end. INTERNAL when what it tells is
 * no sharding.
 * PJRT: PJRT_Shardings_PJRT_Executable_ParameterShardings (0.91).
 * @param executable [borrowed: call]
 * @param out [owned: pjrt_sharding_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_shardings_of_parameter(
    pjrt_executable *executable, size_t i, pjrt_sharding **out);

/* The same of its i-th output.
 * PJRT: PJRT_Shardings_PJRT_Executable_OutputShardings (0.91).
 * @param executable [borrowed: call]
 * @param out [owned: pjrt_sharding_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_shardings_of_output(
    pjrt_executable *executable, size_t i, pjrt_sharding **out);

/* The same of a program that was compiled ahead of time.
 * PJRT: PJRT_Shardings_PJRT_Executable_ParameterShardings (0.91).
 * @param compiled [borrowed: call]
 * @param out [owned: pjrt_sharding_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_shardings_of_compiled_parameter(
    pjrt_compiled *compiled, size_t i, pjrt_sharding **out);

/* The same of its i-th output.
 * PJRT: PJRT_Shardings_PJRT_Executable_OutputShardings (0.91).
 * @param compiled [borrowed: call]
 * @param out [owned: pjrt_sharding_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_shardings_of_compiled_output(
    pjrt_compiled *compiled, size_t i, pjrt_sharding **out);

/* ---- text and bytes ------------------------------------------------------ */

/* Reads XLA's text form, as it stands in HLO text and in the attribute
 * mhlo.sharding; blanks between its parts are passed over.
 * INVALID_ARGUMENT, telling where: anything else; tiles that are not as many as
 * the devices, a device that is named twice, a tuple in a tuple, more than 64
 * dimensions, or more than 65,536 elements of a tuple. UNIMPLEMENTED: metadata,
 * and named shardings, which begin with a mesh.
 * @param text [borrowed: call]
 * @param out [owned: pjrt_sharding_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_sharding_parse(const char *text,
                                                       size_t text_size,
                                                       pjrt_sharding **out);

/* Reads a serialized OpSharding; metadata is left out. INVALID_ARGUMENT and
 * UNIMPLEMENTED as above, and INVALID_ARGUMENT beyond 16 MiB. No bytes are a
 * message too: {replicated}.
 * @param data [borrowed: call] may be NULL when size is 0
 * @param out [owned: pjrt_sharding_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_sharding_from_proto(
    const void *data, size_t size, pjrt_sharding **out);

/* @param sharding [taken] */
PJRT_API void pjrt_sharding_free(pjrt_sharding *sharding);

/* XLA's text form, which pjrt_sharding_parse reads.
 * @param sharding [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_sharding_to_text(
    const pjrt_sharding *sharding, char **out, size_t *out_size);

/* ---- what it says -------------------------------------------------------- */

/* As XLA does, one tile on a listed device is told as PJRT_SHARDING_MAXIMAL.
 * @param sharding [borrowed: call] */
PJRT_API pjrt_sharding_kind
pjrt_sharding_kind_of(const pjrt_sharding *sharding);

/* Tuple: how many arrays there are. All else: 0.
 * @param sharding [borrowed: call] */
PJRT_API size_t pjrt_sharding_num_elements(const pjrt_sharding *sharding);

/* The sharding of the i-th of them; NULL past the end.
 * @param sharding [borrowed: call]
 * @return [borrowed: sharding] */
PJRT_API const pjrt_sharding *pjrt_sharding_element(
    const pjrt_sharding *sharding, size_t i);

/* Tiled: into how many tiles each dimension of the array is cut. All else: an
 * empty list.
 * @param sharding [borrowed: call]
 * @param out_num [borrowed: call] may be NULL
 * @return [borrowed: sharding] */
PJRT_API const int64_t *pjrt_sharding_tiles(const pjrt_sharding *sharding,
                                            size_t *out_num);

/* Tiled: the devices of each tile form an array of this many dimensions, which
 * need not all mean the same; 0 where a tile has one device.
 * @param sharding [borrowed: call] */
PJRT_API size_t pjrt_sharding_num_subgroups(const pjrt_sharding *sharding);

/* How many devices there are along the i-th of these dimensions, and what they
 * have of their tile: all of it (replicated), summands of all of it
 * (unreduced), or what the program itself makes them have (manual). 0 past the
 * end, and replicated.
 * @param sharding [borrowed: call]
 * @param out_kind [borrowed: call] may be NULL */
PJRT_API int64_t pjrt_sharding_subgroup(const pjrt_sharding *sharding, size_t i,
                                        pjrt_sharding_kind *out_kind);

/* How many devices it names: those of all tiles, 1 for maximal, 0 for others.
 * They may be very many in a short text.
 * @param sharding [borrowed: call] */
PJRT_API size_t pjrt_sharding_num_devices(const pjrt_sharding *sharding);

/* The i-th of them, tile by tile with the last dimension fastest, and in a tile
 * subgroup by subgroup; -1 past the end.
 * @param sharding [borrowed: call] */
PJRT_API int64_t pjrt_sharding_device(const pjrt_sharding *sharding, size_t i);

/* The dimensions of an array of all devices in order that is transposed to give
 * this order; an empty list where they are listed one by one. Neighbours that
 * stay together are told as one, as XLA does.
 * @param sharding [borrowed: call]
 * @param out_num [borrowed: call] may be NULL
 * @return [borrowed: sharding] */
PJRT_API const int64_t *pjrt_sharding_iota_dims(const pjrt_sharding *sharding,
                                                size_t *out_num);

/* Which of these dimensions comes first after that, and so on.
 * @param sharding [borrowed: call]
 * @param out_num [borrowed: call] may be NULL
 * @return [borrowed: sharding] */
PJRT_API const int64_t *pjrt_sharding_iota_order(const pjrt_sharding *sharding,
                                                 size_t *out_num);

/* @param sharding [borrowed: call]
 * @param out_id [borrowed: call] may be NULL; 0 without a group */
PJRT_API pjrt_shard_group pjrt_sharding_group(const pjrt_sharding *sharding,
                                              int64_t *out_id);

/* ---- for an array -------------------------------------------------------- */

/* All of these take the dimensions of the whole array, and are INVALID_ARGUMENT
 * for another rank than that of the tiles, a negative dimension, dimensions
 * that no memory holds, and tuples; FAILED_PRECONDITION for manual and unknown
 * shardings, which do not say who has what. */

/* The dimensions of the buffer of each device: those of a tile, rounded up.
 * What does not divide evenly is padded; buffers tell no difference.
 * @param sharding [borrowed: call]
 * @param dims [borrowed: call] may be NULL when num_dims is 0
 * @param out [borrowed: call] num_dims of them */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_sharding_shard_dims(
    const pjrt_sharding *sharding, const int64_t *dims, size_t num_dims,
    int64_t *out);

/* Which part of the array a device has, without padding: the first index along
 * each dimension, and how many there are. The last ones may be fewer, or none
 * at all. NOT_FOUND: a device that the sharding does not name.
 * @param sharding [borrowed: call]
 * @param dims [borrowed: call] may be NULL when num_dims is 0
 * @param out_offsets [borrowed: call] num_dims of them
 * @param out_sizes [borrowed: call] num_dims of them */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_sharding_slice(
    const pjrt_sharding *sharding, const int64_t *dims, size_t num_dims,
    int64_t device, int64_t *out_offsets, int64_t *out_sizes);

/* Who has what, as a picture in text, UTF-8 with lines of at most the boxes'
 * width:
 *
 *         0:4   4:8
 *       ┌─────┬─────┐
 *   0:4 │ 0,1 │ 2,3 │
 *       ├─────┼─────┤
 *   4:8 │ 4,5 │ 6,7 │
 *       └─────┴─────┘
 *
 * One row for one dimension; of more than two, a picture for each tile along
 * those before the last two. Devices whose part is empty are named in a last
 * line. INVALID_ARGUMENT: more than 65,536 devices.
 * @param num_devices of the program, which are drawn where the sharding names
 *   none
 * @param sharding [borrowed: call]
 * @param dims [borrowed: call] may be NULL when num_dims is 0
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_sharding_picture(
    const pjrt_sharding *sharding, const int64_t *dims, size_t num_dims,
    size_t num_devices, char **out, size_t *out_size);

/* The same as an SVG image, in proportion and in colours.
 * @param sharding [borrowed: call]
 * @param dims [borrowed: call] may be NULL when num_dims is 0
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_sharding_svg(
    const pjrt_sharding *sharding, const int64_t *dims, size_t num_dims,
    size_t num_devices, char **out, size_t *out_size);

PJRT_END_DECLS

#endif /* PJRT_EXT_SHARDINGS_H_ */
