/* What both ways to receive share. */
#ifndef PJRT_EXT_CROSS_HOST_TRANSFERS_INSIDE_H_
#define PJRT_EXT_CROSS_HOST_TRANSFERS_INSIDE_H_

#include "core/buffer.h"
#include "ext/extension.h"
#include "pjrt/ext/cross_host_transfers.h"

/* Shapes as the plugin wants them, and room for its buffers. */
typedef struct pjrt_arrivals {
  size_t num;
  size_t *num_dims;
  const int64_t **dims;
  PJRT_Buffer_Type *types;
  void *layouts;
  PJRT_Buffer_MemoryLayout **layout_list; /* NULL in it: the plugin's choice */
  PJRT_Buffer **raw;
} pjrt_arrivals;

/* Checks the shapes; sets the outputs to NULL. To be cleared in any case. */
pjrt_error *pjrt_arrivals_fill(const pjrt_device *device,
                               const pjrt_transfer_shape *shapes,
                               size_t num_shapes, pjrt_buffer **out_buffers,
                               pjrt_arrivals *out)
    __attribute__((warn_unused_result));
void pjrt_arrivals_clear(pjrt_arrivals *arrivals);

/* Wraps the buffers that a call made: all, or none, and destroys them. */
pjrt_error *pjrt_arrivals_wrap(const pjrt_arrivals *arrivals,
                               pjrt_device *device, pjrt_buffer **out_buffers)
    __attribute__((warn_unused_result));

#endif /* PJRT_EXT_CROSS_HOST_TRANSFERS_INSIDE_H_ */
