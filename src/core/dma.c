#include "pjrt/dma.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/client.h"
#include "core/dma.h"

void pjrt_dma_list_init(pjrt_dma_list *list) {
  pthread_mutex_init(&list->mutex, NULL);
}

void pjrt_dma_list_destroy(pjrt_dma_list *list) {
  pthread_mutex_destroy(&list->mutex);
}

/* The mapping is in the list before the plugin is asked, so that of two threads
 * that map the same memory one is refused. */
static pjrt_error *add(pjrt_dma_list *list, pjrt_dma_mapping *mapping) {
  pthread_mutex_lock(&list->mutex);
  const pjrt_dma_mapping *other = list->first;
  while (other && (other->begin >= mapping->begin + mapping->size ||
                   mapping->begin >= other->begin + other->size)) {
    other = other->next;
  }
  pjrt_error *error = NULL;
  if (other) {
    error = pjrt_error_format(
        PJRT_ALREADY_EXISTS,
        "%zu bytes at 0x%zx overlap %zu at 0x%zx, which are mapped",
        mapping->size, (size_t)mapping->begin, other->size,
        (size_t)other->begin);
  } else {
    mapping->next = list->first;
    list->first = mapping;
  }
  pthread_mutex_unlock(&list->mutex);
  return error;
}

static void remove_from(pjrt_dma_list *list, const pjrt_dma_mapping *mapping) {
  pthread_mutex_lock(&list->mutex);
  pjrt_dma_mapping **at = &list->first;
  while (*at && *at != mapping) at = &(*at)->next;
  if (*at) *at = mapping->next;
  pthread_mutex_unlock(&list->mutex);
}

static pjrt_error *map(pjrt_dma_mapping *mapping) {
  pjrt_client *client = mapping->client;
  PJRT_TRY(add(&client->dma, mapping));
  PJRT_ARGS(PJRT_Client_DmaMap, args);
  args->client = client->raw;
  args->data = (void *)mapping->begin;
  args->size = mapping->size;
  pjrt_error *error = PJRT_CALL(client->plugin, PJRT_Client_DmaMap, args);
  if (error) remove_from(&client->dma, mapping);
  return error;
}

pjrt_error *pjrt_dma_map(pjrt_client *client, void *data, size_t size,
                         pjrt_dma_mapping **out) {
  void *memory;
  *out = NULL;
  if (!client)
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "client is NULL");
  PJRT_TRY(pjrt_client_check(client));
  if (!data || size == 0 || size > UINTPTR_MAX - (uintptr_t)data) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%zu bytes at 0x%zx are no memory to map", size,
                             (size_t)(uintptr_t)data);
  }
  PJRT_TRY(pjrt_alloc(1, sizeof(pjrt_dma_mapping), &memory));
  pjrt_dma_mapping *mapping = memory;
  mapping->client = client;
  mapping->begin = (uintptr_t)data;
  mapping->size = size;
  pjrt_error *error = map(mapping);
  if (error) {
    free(mapping);
    return error;
  }
  pjrt_pool_hold(client->pool);
  *out = mapping;
  return NULL;
}

static bool bury(pjrt_grave *grave) {
  pjrt_dma_mapping *mapping = (pjrt_dma_mapping *)grave;
  pjrt_client *client = mapping->client;
  free(mapping);
  return pjrt_pool_drop(client->pool);
}

/* What belongs to the parent of a forked process is left alone. */
pjrt_error *pjrt_dma_unmap(pjrt_dma_mapping *mapping) {
  if (!mapping) return NULL;
  pjrt_client *client = mapping->client;
  PJRT_TRY(pjrt_client_check(client));
  PJRT_ARGS(PJRT_Client_DmaUnmap, args);
  args->client = client->raw;
  args->data = (void *)mapping->begin;
  pjrt_error *error = PJRT_CALL(client->plugin, PJRT_Client_DmaUnmap, args);
  remove_from(&client->dma, mapping);
  mapping->grave.bury = bury;
  pjrt_client_bury(client, &mapping->grave);
  return error;
}
