/* What a plugin waits for from its caller: kept once, and broken when its
 * handle is freed before.
 *
 * A pledge is the first member of a handle. It holds its client, whose objects
 * may all be freed before it. */
#ifndef PJRT_CORE_PLEDGE_H_
#define PJRT_CORE_PLEDGE_H_

#include <stdatomic.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/client.h"
#include "pjrt/buffer_copy.h"
#include "pjrt/buffer_make.h"

typedef struct pjrt_pledge {
  pjrt_grave grave;
  pjrt_client *client;
  atomic_bool is_kept;
} pjrt_pledge;

/* A handle of `size` bytes; `bury` breaks a pledge that was not kept, and ends
 * with pjrt_pledge_end. */
static inline __attribute__((warn_unused_result)) pjrt_error *
pjrt_pledge_create(pjrt_client *client, size_t size,
                   bool (*bury)(pjrt_grave *grave), void **out) {
  PJRT_TRY(pjrt_alloc(1, size, out));
  pjrt_pledge *pledge = *out;
  pledge->grave.bury = bury;
  pledge->client = client;
  pjrt_pool_hold(client->pool);
  return NULL;
}

/* True for the first who asks: that one must keep it. */
static inline __attribute__((warn_unused_result)) bool pjrt_pledge_take(
    pjrt_pledge *pledge) {
  return !atomic_exchange(&pledge->is_kept, true);
}

/* The end of a bury function. */
static inline __attribute__((warn_unused_result)) bool pjrt_pledge_end(
    pjrt_pledge *pledge) {
  pjrt_client *client = pledge->client;
  free(pledge);
  return pjrt_pool_drop(client->pool);
}

/* Frees the handle. What belongs to the parent of a forked process is left
 * alone. */
static inline void pjrt_pledge_free(pjrt_pledge *pledge) {
  if (!pledge || pjrt_client_is_forked(pledge->client)) return;
  pjrt_client_bury(pledge->client, &pledge->grave);
}

/* ---- the pledges there are ----------------------------------------------- */

struct pjrt_raw_copy {
  pjrt_pledge pledge; /* of a destination */
  size_t size;
  void *callback_data;
  void (*callback)(PJRT_Buffer_CopyRawToHostFuture_Callback_Args *args);
};

struct pjrt_alias {
  pjrt_pledge pledge;     /* of a buffer */
  const pjrt_spec *spec;  /* of the alias */
  const PJRT_Buffer *raw; /* the alias, to tell it from others: never used */
  PJRT_FulfillAliasBufferCallback *callback;
};

#endif /* PJRT_CORE_PLEDGE_H_ */
