/* The inside of a buffer. */
#ifndef PJRT_CORE_BUFFER_H_
#define PJRT_CORE_BUFFER_H_

#include "core/client.h"
#include "core/event.h"
#include "pjrt/buffer.h"

/* A buffer's state is one word: what it is in the low bits, and how often it
 * is mapped above them, so that claiming a buffer for donation and mapping it
 * exclude each other in one compare-and-swap. */
enum {
  PJRT_BUFFER_LIVE = 0,
  PJRT_BUFFER_CLAIMED = 1, /* an execution is about to consume it */
  PJRT_BUFFER_DONATED = 2,
  PJRT_BUFFER_DELETED = 3,
  PJRT_BUFFER_KIND_MASK = 3,
  PJRT_BUFFER_FREED = 4,   /* the handle is gone; mappings may be open */
  PJRT_BUFFER_ADOPTED = 8, /* its memory is lent, for as long as it exists */
  PJRT_BUFFER_ONE_MAPPING = 16
};

/* Host memory that was lent to the plugin. */
typedef struct pjrt_adoption {
  pjrt_release_fn release;
  void *data;
  void *user;
  PJRT_Event *done; /* ready when the plugin no longer needs the memory */
} pjrt_adoption;

struct pjrt_buffer {
  pjrt_grave grave;
  pjrt_client *client;
  pjrt_pool_lane *lane;
  PJRT_Buffer *raw;
  const pjrt_spec *spec;
  atomic_uint state; /* live, while it is idle in the pool */

  /* The call that ends it, ready to be made. */
  PJRT_Buffer_Destroy *destroy;
  PJRT_ROOM_FOR(PJRT_Buffer_Destroy_Args) destroy_args;

  pjrt_adoption adoption; /* if the state says so */

  /* Held to take or drop an external reference, and to end the live state:
   * plugins keep the references in a list without a lock, and taking one while
   * the buffer is being deleted or donated reads freed memory. */
  pthread_mutex_t reference_mutex;

  pthread_mutex_t map_mutex; /* guards the rest */
  size_t num_views;          /* mappings that have the view */
  size_t num_lent;           /* mappings of the device's memory */
  const void *view;          /* NULL: not made yet */
  void *converted;           /* the view's own memory, when it is a copy */
};

/* For the pool: prepares a new wrapper, and notes its lane. */
void pjrt_buffer_make(void *object, void *owner);
void pjrt_buffer_settle_in(void *buffer, pjrt_pool_lane *lane);

/* Takes wrappers without a raw buffer, to be filled in: all or none. */
pjrt_error *pjrt_buffers_take(pjrt_client *client, size_t num,
                              pjrt_buffer **out)
    __attribute__((warn_unused_result));

/* Ends buffers that no handle refers to, filled in or not. */
void pjrt_buffers_give_back(pjrt_buffer **buffers, size_t num);

static inline void pjrt_buffer_fill(pjrt_buffer *buffer, PJRT_Buffer *raw,
                                    const pjrt_spec *spec) {
  buffer->raw = raw;
  buffer->spec = spec;
}

/* What the buffer is: one of the first four states. */
static inline unsigned pjrt_buffer_kind(const pjrt_buffer *buffer) {
  return atomic_load_explicit(&buffer->state, memory_order_acquire) &
         PJRT_BUFFER_KIND_MASK;
}

/* Says what a buffer is that this thread has claimed. */
static inline void pjrt_buffer_settle(pjrt_buffer *buffer, unsigned kind) {
  unsigned state = atomic_load_explicit(&buffer->state, memory_order_relaxed);
  atomic_store_explicit(&buffer->state,
                        (state & ~(unsigned)PJRT_BUFFER_KIND_MASK) | kind,
                        memory_order_release);
}

/* Makes a live buffer without mappings something else; false, with its state,
 * when it is not one. */
bool pjrt_buffer_end_live(pjrt_buffer *buffer, unsigned next,
                          unsigned *out_state)
    __attribute__((warn_unused_result));

/* FAILED_PRECONDITION, saying why the buffer cannot be used. */
pjrt_error *pjrt_buffer_not_live(const pjrt_buffer *buffer)
    __attribute__((cold, warn_unused_result, returns_nonnull));

/* INVALID_ARGUMENT for NULL, FAILED_PRECONDITION unless it is live and of this
 * process. */
pjrt_error *pjrt_buffer_check(const pjrt_buffer *buffer)
    __attribute__((warn_unused_result));

/* Whether a buffer of this shape can be made: the device is this process's, the
 * memory, if any, one of the device's, the type one that the plugin has and
 * that has elements, the dimensions sane. What is wrong here ends real plugins.
 */
pjrt_error *pjrt_buffer_check_shape(const pjrt_device *device,
                                    const pjrt_memory *memory, pjrt_dtype dtype,
                                    const int64_t *dims, size_t num_dims,
                                    size_t *out_num_elements)
    __attribute__((warn_unused_result));

/* Makes a live buffer without mappings one that is being consumed, until
 * pjrt_buffer_settle; FAILED_PRECONDITION when it is not one. */
pjrt_error *pjrt_buffer_claim(pjrt_buffer *buffer)
    __attribute__((warn_unused_result));

/* Settles a claimed buffer after a call that consumes it, which may have failed
 * half-way: the plugin is asked what became of it. */
void pjrt_buffer_settle_consumed(pjrt_buffer *buffer, bool succeeded);

/* Counts one more mapping, unless the buffer is no longer live. */
pjrt_error *pjrt_buffer_pin(pjrt_buffer *buffer)
    __attribute__((warn_unused_result));

/* Must be called without a lock of the buffer's: this may end it. */
void pjrt_buffer_unpin(pjrt_buffer *buffer);

/* While an external reference is held, deleting the buffer elsewhere does not
 * free its memory. */
pjrt_error *pjrt_buffer_hold_memory(pjrt_buffer *buffer, void **out_data)
    __attribute__((warn_unused_result));
pjrt_error *pjrt_buffer_drop_memory(pjrt_buffer *buffer)
    __attribute__((warn_unused_result));

/* Asks the plugin for the element type and dimensions of a buffer and gives
 * the spec, of unknown order, or dynamic. */
pjrt_error *pjrt_buffer_ask_spec(pjrt_client *client, PJRT_Buffer *raw,
                                 pjrt_device *device, const pjrt_spec **out)
    __attribute__((warn_unused_result));

/* The spec for a buffer of this shape with the order that the plugin gives
 * for `raw`; stays of unknown order where it cannot tell, or tells tiles. */
pjrt_error *pjrt_buffer_ask_order(pjrt_client *client, PJRT_Buffer *raw,
                                  const pjrt_spec *unknown,
                                  const pjrt_spec **out)
    __attribute__((warn_unused_result));

/* Whether the buffer has dynamic dimensions; false where the plugin cannot
 * tell. */
bool pjrt_raw_buffer_is_dynamic(const pjrt_client *client, PJRT_Buffer *raw);

void pjrt_raw_buffer_destroy(const pjrt_client *client, PJRT_Buffer *raw);

/* Whether the plugin deleted the buffer by itself, as donation does. */
pjrt_error *pjrt_raw_buffer_is_deleted(const pjrt_client *client,
                                       PJRT_Buffer *raw, bool *out)
    __attribute__((warn_unused_result));

pjrt_error *pjrt_raw_buffer_ready_event(const pjrt_client *client,
                                        PJRT_Buffer *raw, PJRT_Event **out)
    __attribute__((warn_unused_result));

/* Gives lent memory back as soon as the plugin does not need it any more, and
 * forgets the adoption. Must not be called in a callback. */
void pjrt_adoption_end(pjrt_client *client, pjrt_adoption *adoption);

/* Ends a buffer whose handle and mappings are gone. */
void pjrt_buffer_destroy(pjrt_buffer *buffer);

#endif /* PJRT_CORE_BUFFER_H_ */
