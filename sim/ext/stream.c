/* Stream: the native stream of a device. That of this plugin is a pointer to a
 * pjrt_sim_stream, which counts the buffers that work on it waits for. */
#include <stdlib.h>

#include "ext/ext.h"

struct pjrt_sim_stream {
  sim_kind kind;
  atomic_int refs; /* the client's, and one per buffer that is waited for */
  atomic_size_t num_waits;
};

static void stream_drop(pjrt_sim_stream *stream) {
  if (atomic_fetch_sub(&stream->refs, 1) != 1) return;
  stream->kind = SIM_DEAD;
  free(stream);
}

static void slot_release(void *data) {
  pjrt_sim_stream *stream = *(pjrt_sim_stream **)data;
  if (stream) stream_drop(stream);
}

static pjrt_sim_stream *stream_of(PJRT_Device *device) {
  pjrt_sim_stream **slot = sim_attached(&device->client->attachments, device,
                                        sizeof(*slot), slot_release);
  sim_ext_lock();
  if (!*slot) {
    *slot = sim_allocate(sizeof(**slot));
    (*slot)->kind = SIM_OTHER;
    (*slot)->refs = 1;
  }
  sim_ext_unlock();
  return *slot;
}

static PJRT_Error *get_stream(
    PJRT_Get_Stream_For_External_Ready_Events_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Get_Stream_For_External_Ready_Events_Args, 24);
  SIM_REQUIRE(args->device, SIM_DEVICE);
  if (!args->device->is_addressable)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "device %d belongs to another process",
                     args->device->description->id);
  args->stream = (intptr_t)stream_of(args->device);
  return NULL;
}

static void buffer_ready(void *arg, PJRT_Error_Code code) {
  pjrt_sim_stream *stream = arg;
  (void)code;
  atomic_fetch_sub(&stream->num_waits, 1);
  stream_drop(stream);
}

static PJRT_Error *wait_stream(
    PJRT_Wait_Until_Buffer_Ready_On_Stream_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Wait_Until_Buffer_Ready_On_Stream_Args, 24);
  pjrt_sim_stream *stream = (pjrt_sim_stream *)args->stream;
  SIM_REQUIRE(stream, SIM_OTHER);
  SIM_REQUIRE(args->buffer, SIM_BUFFER);
  SIM_TRY(sim_buffer_require_data(args->buffer));
  atomic_fetch_add(&stream->refs, 1);
  atomic_fetch_add(&stream->num_waits, 1);
  sim_future_then(args->buffer->ready, buffer_ready, stream);
  return NULL;
}

size_t pjrt_sim_stream_num_waits(const pjrt_sim_stream *stream) {
  return atomic_load(&stream->num_waits);
}

static const PJRT_Stream_Extension node = {
    .get_stream = get_stream,
    .wait_stream = wait_stream,
};

const sim_extension sim_ext_stream = {
    .type = PJRT_Extension_Type_Stream,
    .name = "Stream",
    .steps = {{49, 40}},
    .node = &node,
    .node_size = sizeof(node),
};
