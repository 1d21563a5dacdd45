/* Collectives, and the communicators that are made of them. */
#include "ext/collectives.h"

#include <stdlib.h>

#include "abi/counts.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "core/opts.h"
#include "core/plugin.h"
#include "ext/answer.h"

#define CALL COLLECTIVES_CALL

struct pjrt_collectives {
  pjrt_object object;
  PJRT_Collectives *raw;
};

/* ---- collectives --------------------------------------------------------- */

static void end_collectives(pjrt_object *object) {
  PJRT_ARGS(PJRT_Collectives_Destroy, args);
  args->collectives = ((pjrt_collectives *)object)->raw;
  /* Destroying must never be fatal, and nobody is left to tell. */
  pjrt_error_drop(CALL(object->plugin, collectives_destroy,
                       PJRT_Collectives_Destroy, args));
}

pjrt_error *pjrt_collectives_wrap(pjrt_object *parent, PJRT_Collectives *raw,
                                  pjrt_collectives **out) {
  void *memory;
  pjrt_error *error = pjrt_alloc(1, sizeof **out, &memory);
  if (error) {
    pjrt_collectives unwrapped = {.object = {.plugin = parent->plugin},
                                  .raw = raw};
    end_collectives(&unwrapped.object);
    return error;
  }
  *out = memory;
  (*out)->raw = raw;
  pjrt_object_init_of(&(*out)->object, parent, end_collectives);
  return NULL;
}

void pjrt_collectives_free(pjrt_collectives *collectives) {
  if (collectives) pjrt_object_release(&collectives->object);
}

/* ---- cliques ------------------------------------------------------------- */

void pjrt_clique_init(pjrt_clique *clique) {
  *clique = (pjrt_clique){.struct_size = sizeof *clique};
}

static pjrt_error *check_distinct(const char *name, const int64_t *list,
                                  size_t num) {
  if (num == 0 || num > INT32_MAX || !list) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "a clique of %zu %ss at %p",
                             num, name, (const void *)list);
  }
  for (size_t i = 0; i < num; i++) {
    for (size_t k = 0; k < i; k++) {
      if (list[i] != list[k]) continue;
      return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                               "%s %lld is there twice in the clique", name,
                               (long long)list[i]);
    }
  }
  return NULL;
}

static pjrt_error *check_clique(const pjrt_clique *clique) {
  PJRT_TRY(
      check_distinct("device", clique->device_ids, clique->num_device_ids));
  PJRT_TRY(check_distinct("rank", clique->ranks, clique->num_ranks));
  for (size_t i = 0; i < clique->num_ranks; i++) {
    const int64_t rank = clique->ranks[i];
    if (rank >= 0 && (uint64_t)rank < clique->num_device_ids) continue;
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "rank %lld of a clique of %zu devices",
                             (long long)rank, clique->num_device_ids);
  }
  if (clique->num_ids && (!clique->ids || !clique->id_sizes)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "the clique's %zu ids or their sizes are NULL",
                             clique->num_ids);
  }
  for (size_t i = 0; i < clique->num_ids; i++) {
    if (clique->ids[i]) continue;
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "id %zu of the clique is "
                             "NULL",
                             i);
  }
  return NULL;
}

/* ---- making communicators ------------------------------------------------ */

static void destroy_communicator(const pjrt_plugin *plugin,
                                 PJRT_Collectives_Communicator *raw) {
  if (!raw) return;
  PJRT_ARGS(PJRT_Collectives_Communicator_Destroy, args);
  args->communicator = raw;
  pjrt_error_drop(CALL(plugin, communicator_destroy,
                       PJRT_Collectives_Communicator_Destroy, args));
}

static void end_communicator(pjrt_object *object) {
  pjrt_communicator *communicator = (pjrt_communicator *)object;
  destroy_communicator(object->plugin, communicator->raw);
  free(communicator->device_ids);
}

static pjrt_error *make_communicator(pjrt_collectives *collectives,
                                     const pjrt_clique *clique, size_t i,
                                     pjrt_communicator **out) {
  void *memory, *ids;
  PJRT_TRY(pjrt_alloc_copy(clique->device_ids, clique->num_device_ids,
                           sizeof(int64_t), &ids));
  pjrt_error *error = pjrt_alloc(1, sizeof **out, &memory);
  if (error) {
    free(ids);
    return error;
  }
  *out = memory;
  (*out)->device_ids = ids;
  (*out)->num_ranks = clique->num_device_ids;
  (*out)->rank = (size_t)clique->ranks[i];
  (*out)->num_local_ranks = (int32_t)clique->num_ranks;
  pjrt_object_init_of(&(*out)->object, &collectives->object, end_communicator);
  return NULL;
}

static void free_all(pjrt_communicator **communicators, size_t num) {
  for (size_t i = 0; i < num; i++) {
    pjrt_communicator_free(communicators[i]);
    communicators[i] = NULL;
  }
}

/* Takes the plugin's, or ends them, when they are not what was asked for. */
static pjrt_error *take(const pjrt_plugin *plugin,
                        const PJRT_Collectives_CreateCommunicators_Args *args,
                        pjrt_communicator **out, size_t num) {
  PJRT_Collectives_Communicator **raw = args->communicators;
  const size_t came = args->num_communicators;
  PJRT_TRY(pjrt_count_check("a number of communicators", came, raw));
  bool is_whole = came == num;
  for (size_t i = 0; i < came; i++) is_whole = is_whole && raw[i];
  for (size_t i = 0; i < came; i++) {
    if (is_whole) {
      out[i]->raw = raw[i];
    } else {
      destroy_communicator(plugin, raw[i]);
    }
  }
  if (is_whole) return NULL;
  return pjrt_error_format(PJRT_INTERNAL,
                           "the plugin gives %zu communicators, or less, for "
                           "%zu ranks",
                           came, num);
}

/* Plugins only read the lists. */
static pjrt_error *create(const pjrt_collectives *collectives,
                          const pjrt_clique *clique, pjrt_communicator **out) {
  const pjrt_plugin *plugin = collectives->object.plugin;
  PJRT_ARGS(PJRT_Collectives_CreateCommunicators, args);
  args->collectives = collectives->raw;
  args->device_ids = clique->device_ids;
  args->num_device_ids = clique->num_device_ids;
  if (clique->num_ids) {
    args->clique_ids = (const char **)(uintptr_t)clique->ids;
    args->clique_id_sizes = clique->id_sizes;
    args->num_clique_ids = clique->num_ids;
  }
  args->rank_ids = (int64_t *)(uintptr_t)clique->ranks;
  args->num_device_ranks = clique->num_ranks;
  PJRT_TRY(CALL(plugin, collectives_create_communicators,
                PJRT_Collectives_CreateCommunicators, args));
  pjrt_error *error = take(plugin, args, out, clique->num_ranks);
  if (args->communicators_holder_deleter) {
    args->communicators_holder_deleter(args->communicators_holder);
  }
  if (!error) return NULL;
  return pjrt_error_about(error, plugin,
                          "PJRT_Collectives_CreateCommunicators");
}

pjrt_error *pjrt_collectives_create_communicators(pjrt_collectives *collectives,
                                                  const pjrt_clique *clique,
                                                  pjrt_communicator **out) {
  pjrt_clique known;
  pjrt_error *error = NULL;
  pjrt_clique_init(&known);
  PJRT_TRY(pjrt_opts_read(clique, "pjrt_clique", sizeof known, &known));
  for (size_t i = 0; i < known.num_ranks; i++) out[i] = NULL;
  PJRT_TRY(pjrt_object_check(collectives ? &collectives->object : NULL,
                             "collectives"));
  PJRT_TRY(check_clique(&known));
  for (size_t i = 0; !error && i < known.num_ranks; i++) {
    error = make_communicator(collectives, &known, i, &out[i]);
  }
  if (!error) error = create(collectives, &known, out);
  if (error) free_all(out, known.num_ranks);
  return error;
}

/* ---- communicators ------------------------------------------------------- */

void pjrt_communicator_free(pjrt_communicator *communicator) {
  if (communicator) pjrt_object_release(&communicator->object);
}

pjrt_error *pjrt_communicator_check(const pjrt_communicator *communicator) {
  return pjrt_object_check(communicator ? &communicator->object : NULL,
                           "communicator");
}

size_t pjrt_communicator_num_ranks(const pjrt_communicator *communicator) {
  return communicator->num_ranks;
}

size_t pjrt_communicator_rank(const pjrt_communicator *communicator) {
  return communicator->rank;
}

pjrt_error *pjrt_communicator_to_string(const pjrt_communicator *communicator,
                                        char **out, size_t *out_size) {
  *out = NULL;
  if (out_size) *out_size = 0;
  PJRT_TRY(pjrt_communicator_check(communicator));
  const pjrt_plugin *plugin = communicator->object.plugin;
  PJRT_ARGS(PJRT_Collectives_Communicator_ToString, args);
  args->communicator = communicator->raw;
  PJRT_TRY(CALL(plugin, communicator_to_string,
                PJRT_Collectives_Communicator_ToString, args));
  pjrt_error *error =
      pjrt_ext_copy_text(plugin, "PJRT_Collectives_Communicator_ToString",
                         args->str, args->str_size, out, out_size);
  if (args->str_holder_deleter) args->str_holder_deleter(args->str_holder);
  return error;
}
