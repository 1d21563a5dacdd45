/* Machines: which processes there are, how many devices each has, and how
 * their chips are arranged. */
#ifndef PJRT_SIM_MACHINE_H_
#define PJRT_SIM_MACHINE_H_

#include "plugin/internal.h"

/* ---- options ------------------------------------------------------------- */

/* The options in force, with what a caller of `function` sets of them. */
PJRT_Error *sim_machine_read(const char *function,
                             const PJRT_NamedValue *options, size_t num_options,
                             pjrt_sim_options *out);

/* ---- meshes -------------------------------------------------------------- */

/* From one to three axes, "4x2", and from four numbers on with the cores of a
 * chip, "4x2x1x2". */
PJRT_Error *sim_mesh_parse(const char *text, size_t size, sim_mesh *out);

/* All chips in a row. */
sim_mesh sim_mesh_row(size_t num_devices);
size_t sim_mesh_size(const sim_mesh *mesh);

enum { SIM_MESH_TEXT_SIZE = 96 };
/* What sim_mesh_parse reads. */
void sim_mesh_format(const sim_mesh *mesh, char out[SIM_MESH_TEXT_SIZE]);

/* Sets where a device of this id is. */
void sim_mesh_locate(const sim_mesh *mesh, PJRT_DeviceDescription *device);

/* ---- topologies ---------------------------------------------------------- */

/* The devices of each process, and their mesh; NULL: in a row. An error says
 * that they do not fit. */
PJRT_Error *sim_topology_create(const sim_mesh *mesh, const size_t *sizes,
                                size_t num_processes,
                                PJRT_TopologyDescription **out);
/* Gives each process the devices of a box of chips. */
void sim_topology_assign_boxes(PJRT_TopologyDescription *topology,
                               const int64_t *box);
/* The one that the options describe, with all its processes alike. */
PJRT_Error *sim_topology_from_options(const pjrt_sim_options *machine,
                                      PJRT_TopologyDescription **out);

/* As sealed text. */
void sim_topology_write(const PJRT_TopologyDescription *topology,
                        sim_bytes *out);
PJRT_Error *sim_topology_read(const char *text, size_t size,
                              PJRT_TopologyDescription **out);

void sim_description_init(PJRT_DeviceDescription *description, int id,
                          int process_index, const sim_mesh *mesh);
void sim_description_clear(PJRT_DeviceDescription *description);

/* ---- memories ------------------------------------------------------------ */

void sim_memory_init(sim_memory *memory, PJRT_Device *device, int index);
void sim_memory_clear(sim_memory *memory);

/* ---- text that tells whether it is whole --------------------------------- */

void sim_append(sim_bytes *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
uint64_t sim_hash(const void *data, size_t size);
/* Ends the text with its hash. */
void sim_seal(sim_bytes *text);
/* The text before the hash, with a NUL, to be freed; NULL: it is broken. */
char *sim_unseal(const char *text, size_t size);

/* ---- processes ----------------------------------------------------------- */

/* The topology of the machine that this process and others make up together:
 * they exchange it through the key-value callbacks. */
PJRT_Error *sim_processes_meet(const PJRT_Client_Create_Args *args,
                               const pjrt_sim_options *machine,
                               PJRT_TopologyDescription **out);

/* UNAVAILABLE when one of these devices is in a process that has failed. */
PJRT_Error *sim_processes_check(PJRT_Client *client, const int *ids,
                                size_t num_ids);
void sim_processes_clear(PJRT_Client *client);

/* ---- what a client keeps until it is destroyed --------------------------- */

void sim_mappings_clear(PJRT_Client *client);
void sim_trackings_clear(PJRT_Client *client);

#endif /* PJRT_SIM_MACHINE_H_ */
