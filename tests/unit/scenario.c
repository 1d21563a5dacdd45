#include "scenario_steps.h"

#include <stdio.h>

void scenario_configure(const char *function, int nth) {
  pjrt_sim_options options;
  const pjrt_sim_fault faults[] = {{.function = function,
                                    .nth = nth,
                                    .code = PJRT_Error_Code_DATA_LOSS,
                                    .message = "the fault"},
                                   {.function = "PJRT_LoadedExecutable_Execute",
                                    .nth = 1,
                                    .async_delay_ms = -1}};
  const bool fails = function && nth >= 0;
  sim_path();
  sim.options_init(&options);
  options.faults = fails ? faults : faults + 1;
  options.num_faults = fails ? 2 : 1;
  options.null_functions = &function;
  options.num_null_functions = function && nth < 0;
  sim.configure(&options);
}

/* ---- making things ------------------------------------------------------- */

static pjrt_device *device(const scenario *s, size_t i) {
  return pjrt_client_addressable_device(s->client, i);
}

static pjrt_error *open_plugin(scenario *s) {
  return pjrt_plugin_open(sim_path(), PJRT_NUL_ENDED, NULL, &s->plugin);
}

static pjrt_error *create_client(scenario *s) {
  return pjrt_client_create(s->plugin, NULL, &s->client);
}

static pjrt_error *assign_devices(scenario *s) {
  int ids[2];
  return pjrt_client_default_device_assignment(s->client, 2, 1, ids, 2);
}

static pjrt_error *create_program(scenario *s) {
  return pjrt_program_create(donate_program, strlen(donate_program),
                             PJRT_FORMAT_AUTO, &s->program);
}

static pjrt_error *compile_program(scenario *s) {
  return pjrt_client_compile(s->client, s->program, NULL, &s->executable);
}

static pjrt_error *compile_sharded(scenario *s) {
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.num_replicas = 2;
  return pjrt_client_compile(s->client, s->program, &opts, &s->sharded);
}

static pjrt_error *ask_executable(scenario *s) {
  const char *fingerprint;
  size_t size;
  int64_t code_size;
  PJRT_TRY(pjrt_executable_fingerprint(s->executable, &fingerprint, &size));
  return pjrt_executable_generated_code_size(s->executable, &code_size);
}

static const float floats[] = {1, 2, 3, 4};
static const int32_t integers[] = {5, 6};

static pjrt_error *upload(scenario *s) {
  return pjrt_buffer_from_host(device(s, 0), PJRT_F32, (const int64_t[]){4}, 1,
                               floats, sizeof floats, &s->args[0]);
}

static pjrt_error *upload_async(scenario *s) {
  pjrt_upload_opts opts;
  pjrt_upload_opts_init(&opts);
  opts.semantics = PJRT_HOST_UNTIL_TRANSFER_COMPLETES;
  opts.memory = pjrt_device_default_memory(device(s, 0));
  return pjrt_buffer_from_host_async(
      device(s, 0), PJRT_S32, (const int64_t[]){2}, 1, integers,
      sizeof integers, &opts, &s->args[1], &s->uploaded);
}

static pjrt_error *await_upload(scenario *s) {
  return pjrt_event_await(s->uploaded);
}

static void released(void *data, void *user) {
  pjrt_host_free(data);
  atomic_fetch_add((atomic_int *)user, 1);
}

static pjrt_error *adopt(scenario *s) {
  void *memory;
  s->adopted = NULL;
  PJRT_TRY(pjrt_host_alloc(sizeof floats, &memory));
  s->adopted = (pjrt_buffer *)memory;
  memcpy(memory, floats, sizeof floats);
  return pjrt_buffer_adopt_host(device(s, 0), PJRT_F32, (const int64_t[]){4}, 1,
                                memory, sizeof floats, PJRT_ADOPT_MUTABLE,
                                released, &s->num_releases, &s->adopted);
}

/* Two rows of two, given column by column. */
static pjrt_error *upload_matrix(scenario *s) {
  pjrt_array *array;
  s->matrix = NULL;
  PJRT_TRY(pjrt_array_wrap(PJRT_F32, (const int64_t[]){2, 2}, 2,
                           (const int64_t[]){4, 8}, (void *)(uintptr_t)floats,
                           NULL, NULL, &array));
  s->matrix = (pjrt_buffer *)array;
  pjrt_error *error = pjrt_buffer_from_array(device(s, 0), array, &s->matrix);
  pjrt_array_free(array);
  return error;
}

static pjrt_error *upload_shards(scenario *s) {
  for (size_t d = 0; d < 2; d++) {
    PJRT_TRY(pjrt_buffer_from_host(device(s, d), PJRT_F32, (const int64_t[]){4},
                                   1, floats, sizeof floats,
                                   &s->shards[2 * d]));
    PJRT_TRY(pjrt_buffer_from_host(device(s, d), PJRT_S32, (const int64_t[]){2},
                                   1, integers, sizeof integers,
                                   &s->shards[2 * d + 1]));
  }
  return NULL;
}

/* ---- asking -------------------------------------------------------------- */

static pjrt_error *ask_buffer(scenario *s) {
  pjrt_memory *memory;
  size_t size;
  int64_t dims[2];
  bool dynamic[2], on_cpu;
  PJRT_TRY(pjrt_buffer_memory(s->matrix, &memory));
  PJRT_TRY(pjrt_buffer_on_device_size(s->matrix, &size));
  PJRT_TRY(pjrt_buffer_unpadded_dims(s->matrix, dims, 2));
  PJRT_TRY(pjrt_buffer_dynamic_dims(s->matrix, dynamic, 2));
  return pjrt_buffer_is_on_cpu(s->matrix, &on_cpu);
}

static pjrt_error *ask_layout(scenario *s) {
  return pjrt_buffer_layout(s->matrix, &s->layout);
}

static pjrt_error *map(scenario *s) {
  const float by_rows[] = {1, 3, 2, 4};
  const void *data = s;
  pjrt_error *error = pjrt_buffer_map(s->matrix, &data, NULL);
  if (error) {
    assert_null(data);
    return error;
  }
  assert_memory_equal(data, by_rows, sizeof by_rows);
  return pjrt_buffer_unmap(s->matrix);
}

/* ---- executing ----------------------------------------------------------- */

static pjrt_error *execute(scenario *s) {
  return pjrt_executable_execute_async(s->executable, s->args, 2, NULL, s->outs,
                                       2, &s->done);
}

static void count_callback(const pjrt_error *error, void *user) {
  assert_null(error);
  atomic_fetch_add((atomic_int *)user, 1);
}

static pjrt_error *ask_for_callback(scenario *s) {
  return pjrt_event_on_ready(s->done, count_callback, &s->num_callbacks);
}

static pjrt_error *ask_for_fd(scenario *s) {
  int fd = 7;
  pjrt_error *error = pjrt_event_fd(s->done, &fd);
  if (error) assert_int_equal(fd, -1);
  return error;
}

static pjrt_error *ask_for_ready(scenario *s) {
  return pjrt_buffer_ready_event(s->outs[1], &s->ready);
}

static pjrt_error *join(scenario *s) {
  pjrt_event *both[] = {s->done, s->ready};
  return pjrt_event_join(both, 2, &s->join);
}

static pjrt_error *download_async(scenario *s) {
  return pjrt_buffer_to_host_async(s->outs[0], s->read, sizeof s->read,
                                   &s->downloaded);
}

static pjrt_error *let_it_finish(scenario *s) {
  sim.release_events();
  PJRT_TRY(pjrt_event_await(s->downloaded));
  assert_memory_equal(s->read, floats, sizeof floats);
  PJRT_TRY(pjrt_event_await(s->join));
  PJRT_TRY(pjrt_event_await_for(s->ready, 0));
  PJRT_TRY(pjrt_event_await(s->done));
  /* Whoever publishes first runs the callback, a moment later. */
  wait_until(atomic_load(&s->num_callbacks) == 1);
  return NULL;
}

static pjrt_error *download(scenario *s) {
  return pjrt_buffer_to_host(s->outs[0], s->read, sizeof s->read);
}

static pjrt_error *download_array(scenario *s) {
  return pjrt_buffer_to_array(s->outs[1], &s->array);
}

static pjrt_error *serialize(scenario *s) {
  return pjrt_executable_serialize(s->executable, &s->artifact,
                                   &s->artifact_size);
}

static pjrt_error *load(scenario *s) {
  return pjrt_executable_load(s->client, s->artifact, s->artifact_size,
                              &s->loaded);
}

static pjrt_error *execute_loaded(scenario *s) {
  pjrt_buffer *args[] = {s->adopted, s->outs[1]};
  return pjrt_executable_execute(s->loaded, args, 2, NULL, s->loaded_outs, 2);
}

/* ---- piece by piece ------------------------------------------------------ */

static pjrt_error *open_transfer(scenario *s) {
  static const int64_t four[] = {4};
  const pjrt_transfer_shape shape = {PJRT_F32, four, 1, NULL};
  const pjrt_transfer_shape shapes[] = {shape, shape, shape};
  return pjrt_transfer_create(device(s, 0), NULL, shapes, 3, &s->transfer);
}

static pjrt_error *take_buffer(scenario *s) {
  return pjrt_transfer_take_buffer(s->transfer, 2, &s->transferred);
}

static pjrt_error *fill(scenario *s) {
  PJRT_TRY(pjrt_transfer_data(s->transfer, 0, floats, 16, 0, true));
  return pjrt_transfer_literal(s->transfer, 1, floats, 16);
}

static pjrt_error *open_writer(scenario *s) {
  return pjrt_writer_create(s->transfer, 2, NULL, &s->writer);
}

static pjrt_error *write_all(scenario *s) {
  PJRT_TRY(pjrt_writer_write(s->writer, floats, sizeof floats));
  PJRT_TRY(pjrt_writer_finish(s->writer));
  return pjrt_buffer_await(s->transferred);
}

/* ---- with callbacks ------------------------------------------------------ */

static pjrt_error *create_context(scenario *s) {
  return pjrt_execute_context_create(s->client, &s->context);
}

static pjrt_error *drop_chunk(pjrt_chunk *chunk, size_t total_size,
                              bool is_last, void *user) {
  (void)total_size;
  (void)is_last;
  (void)user;
  pjrt_chunk_free(chunk);
  return NULL;
}

static void drop_stream(pjrt_stream *stream, void *user) {
  (void)user;
  pjrt_stream_free(stream);
}

static pjrt_error *execute_sharded(scenario *s) {
  const pjrt_send_callback send = {1, drop_chunk, NULL};
  const pjrt_recv_callback recv = {2, drop_stream, NULL};
  const pjrt_send_callback sends[] = {send, send};
  const pjrt_recv_callback recvs[] = {recv, recv};
  pjrt_execute_opts opts;
  pjrt_execute_opts_init(&opts);
  opts.context = s->context;
  opts.send_callbacks = sends;
  opts.num_send_callbacks = 1;
  opts.recv_callbacks = recvs;
  opts.num_recv_callbacks = 1;
  return pjrt_executable_execute_sharded(s->sharded, 2, s->shards, 2, &opts,
                                         s->shard_outs, 2);
}

static pjrt_error *delete_buffer(scenario *s) {
  return pjrt_buffer_delete(s->outs[0]);
}

static pjrt_error *delete_executable(scenario *s) {
  return pjrt_executable_delete(s->executable);
}

/* ---- the whole ----------------------------------------------------------- */

static const scenario_step steps[] = {
    {"open", open_plugin, {ONE(plugin)}},
    {"create client", create_client, {ONE(client)}},
    {"assign devices", assign_devices, {{0}}},
    {"create program", create_program, {ONE(program)}},
    {"compile", compile_program, {ONE(executable)}},
    {"compile sharded", compile_sharded, {ONE(sharded)}},
    {"ask executable", ask_executable, {{0}}},
    /* First, so that its shape is new. */
    {"adopt", adopt, {ONE(adopted)}},
    {"upload", upload, {ONE(args[0])}},
    {"upload async", upload_async, {ONE(args[1]), ONE(uploaded)}},
    {"await upload", await_upload, {{0}}},
    {"upload matrix", upload_matrix, {ONE(matrix)}},
    {"upload shards", upload_shards, {{0}}},
    {"ask buffer", ask_buffer, {{0}}},
    {"ask layout", ask_layout, {ONE(layout)}},
    {"map", map, {{0}}},
    {"execute", execute, {ALL(outs), ONE(done)}},
    {"ask for callback", ask_for_callback, {{0}}},
    {"ask for fd", ask_for_fd, {{0}}},
    {"ask for ready", ask_for_ready, {ONE(ready)}},
    {"join", join, {ONE(join)}},
    {"download async", download_async, {ONE(downloaded)}},
    {"let it finish", let_it_finish, {{0}}},
    {"download", download, {{0}}},
    {"download array", download_array, {ONE(array)}},
    {"serialize", serialize, {ONE(artifact)}},
    {"load", load, {ONE(loaded)}},
    {"execute loaded", execute_loaded, {ALL(loaded_outs)}},
    {"open transfer", open_transfer, {ONE(transfer)}},
    {"take buffer", take_buffer, {ONE(transferred)}},
    {"fill", fill, {{0}}},
    {"open writer", open_writer, {ONE(writer)}},
    {"write", write_all, {{0}}},
    {"create context", create_context, {ONE(context)}},
    {"execute sharded", execute_sharded, {ALL(shard_outs)}},
    {"delete buffer", delete_buffer, {{0}}},
    {"delete executable", delete_executable, {{0}}},
};

static void **pointers(scenario *s, const scenario_outputs *outs) {
  return (void **)(void *)((char *)s + outs->offset);
}

/* Outputs hold garbage before a call, and NULL after one that failed. */
static pjrt_error *run_step(scenario *s, const scenario_step *one) {
  s->step = one->name;
  for (size_t o = 0; o < 2; o++) {
    for (size_t i = 0; i < one->outs[o].num; i++) {
      pointers(s, &one->outs[o])[i] = s;
    }
  }
  pjrt_error *error = one->run(s);
  for (size_t o = 0; o < 2; o++) {
    for (size_t i = 0; i < one->outs[o].num; i++) {
      const void *out = pointers(s, &one->outs[o])[i];
      if (error ? out != NULL : out == NULL || out == s) {
        fail_msg("step %s: output %zu is %s", one->name, i,
                 error ? "set although it failed" : "not set");
      }
    }
  }
  return error;
}

pjrt_error *scenario_run(scenario *out) {
  memset(out, 0, sizeof *out);
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    PJRT_TRY(run_step(out, &steps[i]));
  }
  for (size_t i = 0; i < scenario_num_more_steps; i++) {
    PJRT_TRY(run_step(out, &scenario_more_steps[i]));
  }
  return NULL;
}

static void free_events(scenario *s) {
  pjrt_event_free(s->uploaded);
  pjrt_event_free(s->done);
  pjrt_event_free(s->ready);
  pjrt_event_free(s->join);
  pjrt_event_free(s->downloaded);
}

void scenario_end(scenario *s) {
  /* Parents first: children keep them alive. */
  pjrt_plugin_free(s->plugin);
  pjrt_client_free(s->client);
  pjrt_executable_free(s->executable);
  pjrt_executable_free(s->loaded);
  pjrt_executable_free(s->sharded);
  s->was_adopted = s->adopted != NULL;
  free_buffers(s->args, 2);
  free_buffers(&s->adopted, 1);
  free_buffers(&s->matrix, 1);
  pjrt_execute_context_free(s->context);
  pjrt_transfer_free(s->transfer);
  pjrt_writer_free(s->writer);
  free_buffers(&s->transferred, 1);
  free_buffers(s->outs, 2);
  free_buffers(s->loaded_outs, 2);
  free_buffers(s->shards, 4);
  free_buffers(s->shard_outs, 4);
  scenario_end_more(s);
  sim.release_events();
  free_events(s);
  pjrt_array_free(s->array);
  pjrt_layout_free(s->layout);
  pjrt_program_free(s->program);
  pjrt_host_free(s->artifact);
}

void scenario_await_release(const scenario *s) {
  const atomic_int *num = &s->num_releases;
  if (s->was_adopted) wait_until(atomic_load(num) == 1);
}
