#include "calls.h"

#include <stdio.h>
#include <stdlib.h>

void call_check(const bare *it, PJRT_Error *error) {
  if (!error) return;
  PJRT_Error_Message_Args message = {
      .struct_size = PJRT_Error_Message_Args_STRUCT_SIZE, .error = error};
  it->api->PJRT_Error_Message(&message);
  fprintf(stderr, "bare call: %.*s\n", (int)message.message_size,
          message.message);
  exit(EXIT_FAILURE);
}

void call_launch(const bare *it, size_t num_devices, PJRT_Buffer **outs,
                 PJRT_Event **done) {
  PJRT_ExecuteOptions options = {.struct_size =
                                     PJRT_ExecuteOptions_STRUCT_SIZE};
  PJRT_Buffer *const *argument_lists[MAX_LAUNCH_DEVICES];
  PJRT_Buffer **output_lists[MAX_LAUNCH_DEVICES];
  for (size_t i = 0; i < num_devices; i++) {
    argument_lists[i] = it->args + i * it->num_args;
    output_lists[i] = outs + i * it->num_outs;
  }
  PJRT_LoadedExecutable_Execute_Args args = {
      .struct_size = PJRT_LoadedExecutable_Execute_Args_STRUCT_SIZE,
      .executable = it->executable,
      .options = &options,
      .argument_lists = argument_lists,
      .num_devices = num_devices,
      .num_args = it->num_args,
      .output_lists = output_lists,
      .device_complete_events = done};
  call_check(it, it->api->PJRT_LoadedExecutable_Execute(&args));
}

static void destroy_event(const bare *it, PJRT_Event *event) {
  PJRT_Event_Destroy_Args args = {
      .struct_size = PJRT_Event_Destroy_Args_STRUCT_SIZE, .event = event};
  call_check(it, it->api->PJRT_Event_Destroy(&args));
}

void call_await(const bare *it, PJRT_Event *event) {
  PJRT_Event_Await_Args args = {
      .struct_size = PJRT_Event_Await_Args_STRUCT_SIZE, .event = event};
  call_check(it, it->api->PJRT_Event_Await(&args));
  destroy_event(it, event);
}

void call_free(const bare *it, PJRT_Buffer *buffer) {
  PJRT_Buffer_Destroy_Args args = {
      .struct_size = PJRT_Buffer_Destroy_Args_STRUCT_SIZE, .buffer = buffer};
  call_check(it, it->api->PJRT_Buffer_Destroy(&args));
}

PJRT_Buffer *call_upload(const bare *it, const float *data, size_t num,
                         PJRT_HostBufferSemantics semantics,
                         PJRT_Event **done) {
  const int64_t dim = (int64_t)num;
  PJRT_Client_BufferFromHostBuffer_Args args = {
      .struct_size = PJRT_Client_BufferFromHostBuffer_Args_STRUCT_SIZE,
      .client = it->client,
      .data = data,
      .type = PJRT_Buffer_Type_F32,
      .dims = &dim,
      .num_dims = num > 1,
      .host_buffer_semantics = semantics,
      .device = it->device};
  call_check(it, it->api->PJRT_Client_BufferFromHostBuffer(&args));
  if (done) {
    *done = args.done_with_host_buffer;
  } else {
    destroy_event(it, args.done_with_host_buffer);
  }
  return args.buffer;
}

void call_download(const bare *it, PJRT_Buffer *buffer, void *dst,
                   size_t size) {
  PJRT_Buffer_ToHostBuffer_Args args = {
      .struct_size = PJRT_Buffer_ToHostBuffer_Args_STRUCT_SIZE,
      .src = buffer,
      .dst = dst,
      .dst_size = size};
  call_check(it, it->api->PJRT_Buffer_ToHostBuffer(&args));
  call_await(it, args.event);
}

const void *call_view(const bare *it, PJRT_Buffer *buffer) {
  PJRT_Buffer_ReadyEvent_Args ready = {
      .struct_size = PJRT_Buffer_ReadyEvent_Args_STRUCT_SIZE, .buffer = buffer};
  call_check(it, it->api->PJRT_Buffer_ReadyEvent(&ready));
  call_await(it, ready.event);
  PJRT_Buffer_IncreaseExternalReferenceCount_Args hold = {
      .struct_size =
          PJRT_Buffer_IncreaseExternalReferenceCount_Args_STRUCT_SIZE,
      .buffer = buffer};
  call_check(it, it->api->PJRT_Buffer_IncreaseExternalReferenceCount(&hold));
  PJRT_Buffer_OpaqueDeviceMemoryDataPointer_Args args = {
      .struct_size = PJRT_Buffer_OpaqueDeviceMemoryDataPointer_Args_STRUCT_SIZE,
      .buffer = buffer};
  call_check(it, it->api->PJRT_Buffer_OpaqueDeviceMemoryDataPointer(&args));
  return args.device_memory_ptr;
}

void call_end_view(const bare *it, PJRT_Buffer *buffer) {
  PJRT_Buffer_DecreaseExternalReferenceCount_Args args = {
      .struct_size =
          PJRT_Buffer_DecreaseExternalReferenceCount_Args_STRUCT_SIZE,
      .buffer = buffer};
  call_check(it, it->api->PJRT_Buffer_DecreaseExternalReferenceCount(&args));
}
