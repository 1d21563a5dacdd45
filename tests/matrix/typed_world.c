#include "typed.h"

const float typed_values[4] = {1, 2, 3, 4};
const float typed_sums[4] = {2, 4, 6, 8};

static const char add_program[] =
    "func.func @main(%a: tensor<4xf32> {tf.aliasing_output = 0 : i32},\n"
    "                %b: tensor<4xf32>) -> tensor<4xf32> {\n"
    "  %0 = stablehlo.add %a, %b : tensor<4xf32>\n"
    "  return %0 : tensor<4xf32>\n"
    "}\n";

pjrt_error *typed_nothing(matrix_attempt *a) {
  (void)a;
  return NULL;
}

pjrt_error *typed_client(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(matrix_open(a));
  PJRT_TRY(pjrt_client_create(a->plugin, NULL, &w->client));
  w->device = pjrt_client_addressable_device(w->client, 0);
  return NULL;
}

pjrt_error *typed_upload(matrix_attempt *a, pjrt_device *device,
                         pjrt_buffer **out) {
  (void)a;
  return pjrt_buffer_from_host(device, PJRT_F32, (const int64_t[]){4}, 1,
                               typed_values, sizeof typed_values, out);
}

pjrt_error *typed_buffers(matrix_attempt *a) {
  typed_world *w = typed(a);
  if (!w->client) PJRT_TRY(typed_client(a));
  PJRT_TRY(typed_upload(a, w->device, &w->args[0]));
  return typed_upload(a, w->device, &w->args[1]);
}

pjrt_error *typed_event(matrix_attempt *a) {
  typed_world *w = typed(a);
  pjrt_upload_opts opts;
  pjrt_upload_opts_init(&opts);
  opts.semantics = PJRT_HOST_UNTIL_TRANSFER_COMPLETES;
  PJRT_TRY(typed_client(a));
  return pjrt_buffer_from_host_async(w->device, PJRT_F32, (const int64_t[]){4},
                                     1, typed_values, sizeof typed_values,
                                     &opts, &w->args[0], &w->event);
}

pjrt_error *typed_program(matrix_attempt *a) {
  return pjrt_program_create(add_program, sizeof add_program - 1,
                             PJRT_FORMAT_AUTO, &typed(a)->program);
}

pjrt_error *typed_compile(matrix_attempt *a, const pjrt_compile_opts *opts) {
  typed_world *w = typed(a);
  PJRT_TRY(typed_program(a));
  return pjrt_client_compile(w->client, w->program, opts, &w->executable);
}

pjrt_error *typed_executable(matrix_attempt *a) {
  PJRT_TRY(typed_client(a));
  return typed_compile(a, NULL);
}

pjrt_error *typed_launch(matrix_attempt *a) {
  PJRT_TRY(typed_executable(a));
  return typed_buffers(a);
}

pjrt_error *typed_expect(matrix_attempt *a, pjrt_buffer *buffer,
                         const float expected[4]) {
  float read[4] = {-1, -1, -1, -1};
  PJRT_TRY(pjrt_buffer_to_host(buffer, read, sizeof read));
  MATRIX_EXPECT(a, !memcmp(read, expected, sizeof read));
  return NULL;
}

void typed_keep(matrix_attempt *a, void *object, void (*free)(void *object)) {
  typed_world *w = typed(a);
  if (w->num_kept == sizeof w->kept / sizeof *w->kept) abort();
  w->kept[w->num_kept++] = (typed_kept){object, free};
}

bool typed_can_fork(matrix_attempt *a) {
  return (typed(a)->client || typed(a)->topology) &&
         !a->what->calls_when_forked;
}

/* Children last: they keep their parents alive. */
void typed_end(matrix_attempt *a) {
  typed_world *w = typed(a);
  while (w->num_kept > 0) {
    const typed_kept *kept = &w->kept[--w->num_kept];
    kept->free(kept->object);
  }
  pjrt_client_free(w->client);
  pjrt_program_free(w->program);
  pjrt_executable_free(w->executable);
  pjrt_executable_free(w->loaded);
  pjrt_topology_free(w->topology);
  pjrt_topology_free(w->copy);
  pjrt_compiled_free(w->compiled);
  pjrt_writer_free(w->writer);
  pjrt_transfer_free(w->transfer);
  pjrt_stream_free(w->stream);
  pjrt_execute_context_free(w->context);
  free_buffers(w->args, 4);
  free_buffers(w->outs, 2);
  pjrt_event_free(w->join);
  pjrt_event_free(w->event);
  pjrt_array_free(w->array);
  pjrt_layout_free(w->layout);
  pjrt_kvstore_free(w->kvstore);
  pjrt_host_free(w->artifact);
}
