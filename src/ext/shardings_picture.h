/* What the pictures of a sharding share: boxes, which are the tiles that have
 * elements, and the names of the devices in them. */
#ifndef PJRT_EXT_SHARDINGS_PICTURE_H_
#define PJRT_EXT_SHARDINGS_PICTURE_H_

#include "base/text.h"
#include "core/spec.h"
#include "ext/shardings.h"

/* "0-3,8-11", cut after a while. */
enum { PJRT_PICTURE_LABEL = 32 };
typedef char pjrt_picture_label[PJRT_PICTURE_LABEL];

typedef struct pjrt_picture {
  const pjrt_sharding *sharding;
  const int64_t *dims;
  size_t num_dims;
  size_t copies;                /* devices of each tile */
  int64_t boxes[PJRT_MAX_RANK]; /* along each dimension */
  size_t num_boxes;
  int64_t *devices; /* room for those of all tiles */
} pjrt_picture;

/* INVALID_ARGUMENT where no picture can be. */
pjrt_error *pjrt_picture_start(pjrt_picture *picture,
                               const pjrt_sharding *sharding,
                               const int64_t *dims, size_t num_dims,
                               size_t num_devices)
    __attribute__((warn_unused_result));
void pjrt_picture_end(pjrt_picture *picture);

/* The devices of the box at `index`, one per dimension, as a label; their least
 * number is what it returns. */
int64_t pjrt_picture_label_of(const pjrt_picture *picture, const int64_t *index,
                              pjrt_picture_label out);

/* Those that have nothing; false when there are none. */
bool pjrt_picture_idle(const pjrt_picture *picture, pjrt_picture_label out);

/* The elements of box `at` along dimension d: from, and up to which. */
void pjrt_picture_range(const pjrt_picture *picture, size_t d, int64_t at,
                        int64_t *out_from, int64_t *out_to);

/* Boxes along the last dimension but `back`; 1 where there is none. */
int64_t pjrt_picture_boxes(const pjrt_picture *picture, size_t back);

/* Goes on to the next group of rows and columns, the leading dimensions'
 * indexes counting up; false after the last. Zeros begin. */
bool pjrt_picture_next(const pjrt_picture *picture, int64_t *index);

/* "[0:2,4:8,:,:]" for the leading dimensions; nothing where there are none. */
void pjrt_picture_put_group(const pjrt_picture *picture, const int64_t *index,
                            pjrt_builder *text);

#endif /* PJRT_EXT_SHARDINGS_PICTURE_H_ */
