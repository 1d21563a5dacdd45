/* What every object says of itself, for logs and debuggers.
 *
 * One line, such as
 *   buffer f32[2,3]{1,0} on device 0 (CPU_0), 24 bytes, ready
 * or that line and, each on one of its own and set in by two blanks, all that
 * is known. NULL says "no buffer". The words may change; they are not for
 * programs to read.
 *
 * Describing never waits and changes nothing. It works for objects that were
 * deleted or donated, that failed, whose client's handle was freed, and,
 * without asking the plugin, in a forked child. What the plugin does not tell
 * is left out. It fails only when memory is short. Texts of plugins, files and
 * callers are made printable; none ends in a line feed. */
#ifndef PJRT_DESCRIBE_H_
#define PJRT_DESCRIBE_H_

#include "pjrt/array.h"
#include "pjrt/buffer_copy.h"
#include "pjrt/buffer_make.h"
#include "pjrt/compile_cache.h"
#include "pjrt/compile_options.h"
#include "pjrt/compiled.h"
#include "pjrt/context.h"
#include "pjrt/device.h"
#include "pjrt/discovery.h"
#include "pjrt/dma.h"
#include "pjrt/event.h"
#include "pjrt/executable.h"
#include "pjrt/inspect.h"
#include "pjrt/kvstore.h"
#include "pjrt/launch.h"
#include "pjrt/layout.h"
#include "pjrt/memory.h"
#include "pjrt/named_values.h"
#include "pjrt/plugin.h"
#include "pjrt/program.h"
#include "pjrt/stream.h"
#include "pjrt/topology.h"
#include "pjrt/transfer.h"

PJRT_BEGIN_DECLS

typedef enum pjrt_detail { PJRT_ONE_LINE = 0, PJRT_ALL_LINES = 1 } pjrt_detail;

/* ---- plugins ------------------------------------------------------------- */

/* @param plugin [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_plugin_describe(
    const pjrt_plugin *plugin, pjrt_detail detail, char **out,
    size_t *out_size);

/* @param file [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_plugin_file_describe(
    const pjrt_plugin_file *file, pjrt_detail detail, char **out,
    size_t *out_size);

/* @param list [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_plugin_list_describe(
    const pjrt_plugin_list *list, pjrt_detail detail, char **out,
    size_t *out_size);

/* ---- clients ------------------------------------------------------------- */

/* @param client [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_client_describe(
    const pjrt_client *client, pjrt_detail detail, char **out,
    size_t *out_size);

/* @param device [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_device_describe(
    const pjrt_device *device, pjrt_detail detail, char **out,
    size_t *out_size);

/* @param memory [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_memory_describe(
    const pjrt_memory *memory, pjrt_detail detail, char **out,
    size_t *out_size);

/* @param topology [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_topology_describe(
    const pjrt_topology *topology, pjrt_detail detail, char **out,
    size_t *out_size);

/* @param description [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_device_description_describe(
    const pjrt_device_description *description, pjrt_detail detail, char **out,
    size_t *out_size);

/* ---- buffers and events -------------------------------------------------- */

/* Asks the plugin whether the buffer is ready, and, for all lines, for its
 * memory and its size there.
 * PJRT: as pjrt_buffer_ready_event, pjrt_event_is_ready, pjrt_buffer_memory,
 * pjrt_buffer_on_device_size.
 * @param buffer [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_describe(pjrt_buffer *buffer,
                                                        pjrt_detail detail,
                                                        char **out,
                                                        size_t *out_size);

/* Says what the event stands for, and where it is: ready, failed and how, or
 * pending and how long ago somebody first began to wait for it; for finding
 * what a program hangs on. The first line of a join says how many of its events
 * are pending; all lines have one for each. Ages are as exact as the kernel's
 * clock ticks, to some milliseconds.
 * PJRT: as pjrt_event_is_ready.
 * @param event [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_event_describe(pjrt_event *event,
                                                       pjrt_detail detail,
                                                       char **out,
                                                       size_t *out_size);

/* ---- programs ------------------------------------------------------------ */

/* @param executable [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_describe(
    const pjrt_executable *executable, pjrt_detail detail, char **out,
    size_t *out_size);

/* @param compiled [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compiled_describe(
    const pjrt_compiled *compiled, pjrt_detail detail, char **out,
    size_t *out_size);

/* @param program [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_program_describe(
    const pjrt_program *program, pjrt_detail detail, char **out,
    size_t *out_size);

/* All lines are the fields as JSON, in a library that was built with it.
 * @param options [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compile_options_describe(
    const pjrt_compile_options *options, pjrt_detail detail, char **out,
    size_t *out_size);

/* @param context [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_execute_context_describe(
    const pjrt_execute_context *context, pjrt_detail detail, char **out,
    size_t *out_size);

/* ---- what is on its way -------------------------------------------------- */

/* @param transfer [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_transfer_describe(
    const pjrt_transfer *transfer, pjrt_detail detail, char **out,
    size_t *out_size);

/* Not while another thread writes.
 * @param writer [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_writer_describe(
    const pjrt_writer *writer, pjrt_detail detail, char **out,
    size_t *out_size);

/* @param chunk [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_chunk_describe(const pjrt_chunk *chunk,
                                                       pjrt_detail detail,
                                                       char **out,
                                                       size_t *out_size);

/* Asks the plugin how much was added to it.
 * PJRT: as pjrt_stream_current_size, pjrt_stream_total_size.
 * @param stream [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_stream_describe(pjrt_stream *stream,
                                                        pjrt_detail detail,
                                                        char **out,
                                                        size_t *out_size);

/* @param copy [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_raw_copy_describe(
    const pjrt_raw_copy *copy, pjrt_detail detail, char **out,
    size_t *out_size);

/* @param alias [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_alias_describe(const pjrt_alias *alias,
                                                       pjrt_detail detail,
                                                       char **out,
                                                       size_t *out_size);

/* @param mapping [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_dma_mapping_describe(
    const pjrt_dma_mapping *mapping, pjrt_detail detail, char **out,
    size_t *out_size);

/* @param event [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_async_tracking_event_describe(
    const pjrt_async_tracking_event *event, pjrt_detail detail, char **out,
    size_t *out_size);

/* ---- values, and several processes --------------------------------------- */

/* @param array [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_array_describe(const pjrt_array *array,
                                                       pjrt_detail detail,
                                                       char **out,
                                                       size_t *out_size);

/* @param layout [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_layout_describe(
    const pjrt_layout *layout, pjrt_detail detail, char **out,
    size_t *out_size);

/* One line has the names, all lines the values too.
 * @param values [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_named_values_describe(
    const pjrt_named_values *values, pjrt_detail detail, char **out,
    size_t *out_size);

/* @param error [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_error_describe(const pjrt_error *error,
                                                       pjrt_detail detail,
                                                       char **out,
                                                       size_t *out_size);

/* "compile cache compiled, at most 4294967296 bytes"; under it, what this
 * handle found and did. The folder is not looked into.
 * @param cache [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compile_cache_describe(
    const pjrt_compile_cache *cache, pjrt_detail detail, char **out,
    size_t *out_size);

/* @param store [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_kvstore_describe(pjrt_kvstore *store,
                                                         pjrt_detail detail,
                                                         char **out,
                                                         size_t *out_size);

/* @param value [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_kvstore_value_describe(
    const pjrt_kvstore_value *value, pjrt_detail detail, char **out,
    size_t *out_size);

/* "process 3 of 8, 1 of 4 on its host, started by slurm, job 17.0, coordinator
 * node001".
 * @param launch [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_launch_describe(
    const pjrt_launch *launch, pjrt_detail detail, char **out,
    size_t *out_size);

PJRT_END_DECLS

#endif /* PJRT_DESCRIBE_H_ */
