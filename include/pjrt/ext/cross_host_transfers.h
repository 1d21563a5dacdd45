/* The CrossHostTransfers extension: buffers that go from a device of one
 * process to a device of another, without passing through their hosts' code.
 * Of the plugins that are known those for CUDA and TPUs have it.
 *
 * There are two ways for the ends to find each other. By key: both name the
 * other's device and a number that they agreed on. By descriptor: the receiver
 * gets a descriptor of each of its buffers from the plugin, sends it to the
 * sender by means of its own, such as pjrt_kvstore, and the sender copies to
 * it.
 *
 * Buffers that are received can be used at once: whatever uses them waits for
 * their contents, and their ready event carries the error when nothing comes.
 * Buffers that are sent cannot be deleted or donated until they are; their
 * handles may be freed.
 *
 * UNIMPLEMENTED where the plugin has no such extension, or one that lacks the
 * function; pjrt_plugin_find_extension tells before. The extension changes
 * often: what is refused on older plugins is said below. */
#ifndef PJRT_EXT_CROSS_HOST_TRANSFERS_H_
#define PJRT_EXT_CROSS_HOST_TRANSFERS_H_

#include "pjrt/transfer.h"

PJRT_BEGIN_DECLS

/* ---- by key -------------------------------------------------------------- */

/* Further facts about transfers by key. */
typedef struct pjrt_cross_host_opts {
  size_t struct_size;
  /* Tasks of the job, and which incarnation of each is meant, so that a task
   * that was started anew is not taken for its predecessor. API 0.117.
   * [borrowed: call] */
  const int *task_ids;
  const int64_t *incarnation_ids; /* [borrowed: call] */
  size_t num_tasks;
} pjrt_cross_host_opts;

/* @param opts [borrowed: call] */
PJRT_API void pjrt_cross_host_opts_init(pjrt_cross_host_opts *opts);

/* Makes a buffer on the device for each shape, which is filled by what
 * src_device_ids[i] sends with keys[i].
 * INVALID_ARGUMENT: NULL where something must be, no shapes, a shape that no
 * buffer has (see pjrt_transfer_create), a device of another process.
 * UNIMPLEMENTED: tasks, before API 0.117.
 * PJRT: PJRT_Transfers_PJRT_Client_CrossHostReceiveBuffers (0.81).
 * @param device [borrowed: call]
 * @param shapes [borrowed: call]
 * @param src_device_ids [borrowed: call] global ids, one for each shape
 * @param keys [borrowed: call] one for each shape
 * @param opts [borrowed: call] NULL: the defaults
 * @param out_buffers [owned: pjrt_buffer_free] room for one for each shape */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_cross_host_receive(
    pjrt_device *device, const pjrt_transfer_shape *shapes, size_t num_shapes,
    const int32_t *src_device_ids, const int64_t *keys,
    const pjrt_cross_host_opts *opts, pjrt_buffer **out_buffers);

/* Sends buffers of one client: buffers[i] to dst_device_ids[i], with keys[i].
 * INVALID_ARGUMENT: NULL where something must be, no buffers, buffers of
 * several clients. FAILED_PRECONDITION: a buffer was deleted or donated.
 * UNIMPLEMENTED: tasks, before API 0.117.
 * PJRT: PJRT_Transfers_PJRT_Client_CrossHostSendBuffers (0.81).
 * @param buffers [borrowed: call]
 * @param dst_device_ids [borrowed: call] global ids, one for each buffer
 * @param keys [borrowed: call] one for each buffer
 * @param opts [borrowed: call] NULL: the defaults
 * @param out_sent [owned: pjrt_event_free] room for one for each buffer; ready
 *   when it is sent, or failed */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_cross_host_send(
    pjrt_buffer *const *buffers, size_t num_buffers,
    const int32_t *dst_device_ids, const int64_t *keys,
    const pjrt_cross_host_opts *opts, pjrt_event **out_sent);

/* ---- by descriptor ------------------------------------------------------- */

/* Buffers that wait for senders which know their descriptors. Any thread may
 * use it. */
typedef struct pjrt_cross_host_receiver pjrt_cross_host_receiver;

/* Makes a buffer on the device for each shape, and has the plugin describe
 * them. The plugin does so once, on a thread of its own or in this call;
 * `out_described` is ready then, or failed, and its callbacks run there. The
 * receiver keeps the client alive.
 * Errors as pjrt_cross_host_receive. UNIMPLEMENTED: can_cancel, before API
 * 0.116. With can_cancel OpenXLA's plugins leave a few bytes behind for each
 * receiver, which they expect a C++ caller to delete.
 * PJRT: PJRT_Transfers_PJRT_Client_MakeCrossHostReceiveBuffers (0.74).
 * @param device [borrowed: call]
 * @param shapes [borrowed: call]
 * @param can_cancel whether pjrt_cross_host_receiver_cancel may be called
 * @param out_buffers [owned: pjrt_buffer_free] room for one for each shape
 * @param out [owned: pjrt_cross_host_receiver_free]
 * @param out_described [owned: pjrt_event_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_cross_host_receiver_create(
    pjrt_device *device, const pjrt_transfer_shape *shapes, size_t num_shapes,
    bool can_cancel, pjrt_buffer **out_buffers, pjrt_cross_host_receiver **out,
    pjrt_event **out_described);

/* Drops the handle. The buffers wait on.
 * @param receiver [taken] */
PJRT_API void pjrt_cross_host_receiver_free(pjrt_cross_host_receiver *receiver);

/* The descriptor of the i-th buffer: bytes for its sender.
 * INVALID_ARGUMENT past the end. FAILED_PRECONDITION: the plugin has not
 * described them yet. The plugin's own error where it failed to.
 * PJRT: PJRT_Transfers_PJRT_Client_MakeCrossHostReceiveBuffers (0.74), told
 * beforehand.
 * @param receiver [borrowed: call]
 * @param out_data [borrowed: receiver]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_cross_host_receiver_descriptor(
    pjrt_cross_host_receiver *receiver, size_t i, const void **out_data,
    size_t *out_size);

/* Says that nobody will send the i-th buffer, for instance because its sender
 * failed to: the buffer fails with `reason`. The plugin answers once, on any
 * thread or in this call; `out_canceled` is ready then, or fails with
 * NOT_FOUND or the like where a sender was faster.
 * Errors as pjrt_cross_host_receiver_descriptor. INVALID_ARGUMENT: reason is
 * NULL, or has a code that PJRT does not define. FAILED_PRECONDITION: it was
 * made without can_cancel. UNIMPLEMENTED: the plugin gave no way to.
 * PJRT: PJRT_Transfers_PJRT_Client_MakeCrossHostReceiveBuffers (0.74), by the
 * notifier that was told beforehand.
 * @param receiver [borrowed: call]
 * @param reason [borrowed: call] its code and message
 * @param out_canceled [owned: pjrt_event_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_cross_host_receiver_cancel(
    pjrt_cross_host_receiver *receiver, size_t i, const pjrt_error *reason,
    pjrt_event **out_canceled);

/* The key of a payload of errors of pjrt_cross_host_copy_to_remote_device:
 * "true" or "false". After "false" the receiver hears nothing of the failure
 * unless it is told, and should cancel. */
#define PJRT_CROSS_HOST_SENDS_WERE_ENQUEUED "pjrt.sends_were_enqueued"

/* Copies the buffer to the one that a descriptor from elsewhere stands for. The
 * plugin answers once, on any thread or in this call; `out_enqueued` is ready
 * when it has begun to send, or failed.
 * INVALID_ARGUMENT: NULL, or no bytes. FAILED_PRECONDITION: the buffer was
 * deleted or donated. UNIMPLEMENTED before API 0.104: earlier plugins free the
 * caller's descriptor by C++ means of their own. The function takes descriptors
 * that are there; of those that PJRT lets come later some plugins end the
 * process when they do not.
 * PJRT: PJRT_Transfers_PJRT_Buffer_CopyToRemoteDevice (0.74).
 * @param buffer [borrowed: call]
 * @param descriptor [borrowed: call]
 * @param out_enqueued [owned: pjrt_event_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_cross_host_copy_to_remote_device(
    pjrt_buffer *buffer, const void *descriptor, size_t descriptor_size,
    pjrt_event **out_enqueued);

PJRT_END_DECLS

#endif /* PJRT_EXT_CROSS_HOST_TRANSFERS_H_ */
