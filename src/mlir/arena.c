/* Memory of one module, freed at once. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "mlir/reader.h"

enum { alignment = 16, chunk_size = 32 * 1024 };

typedef struct chunk {
  struct chunk *next;
  size_t size; /* of the memory behind this header */
  size_t used;
  size_t unused; /* keeps the header a multiple of the alignment */
} chunk;
_Static_assert(sizeof(chunk) % alignment == 0, "memory starts aligned");

struct mlir_arena {
  chunk *chunks; /* the first is the one in use */
};

mlir_arena *mlir_arena_new(void) { return calloc(1, sizeof(mlir_arena)); }

void mlir_arena_free(mlir_arena *arena) {
  if (!arena) return;
  for (chunk *at = arena->chunks; at;) {
    chunk *next = at->next;
    free(at);
    at = next;
  }
  free(arena);
}

/* A chunk for `size` bytes. A large one of its own goes behind the one in use,
 * whose rest stays useful. */
static chunk *add_chunk(mlir_arena *arena, size_t size) {
  bool large = size > chunk_size / 4;
  size_t bytes = large ? size : chunk_size;
  size_t total;
  if (!pjrt_size_add(bytes, sizeof(chunk), &total)) return NULL;
  chunk *added = calloc(1, total);
  if (!added) return NULL;
  added->size = bytes;
  if (large && arena->chunks) {
    added->next = arena->chunks->next;
    arena->chunks->next = added;
  } else {
    added->next = arena->chunks;
    arena->chunks = added;
  }
  return added;
}

void *mlir_arena_alloc(mlir_arena *arena, size_t num, size_t size) {
  size_t bytes;
  if (!pjrt_size_mul(num, size, &bytes) || bytes > PTRDIFF_MAX - alignment) {
    return NULL;
  }
  bytes = (bytes + alignment - 1) / alignment * alignment;
  if (!bytes) bytes = alignment;
  chunk *at = arena->chunks;
  if (!at || at->size - at->used < bytes) at = add_chunk(arena, bytes);
  if (!at) return NULL;
  void *memory = (char *)(at + 1) + at->used;
  at->used += bytes;
  return memory;
}

void *mlir_alloc(mlir_parser *p, size_t num, size_t size) {
  if (p->error) return NULL;
  void *memory = mlir_arena_alloc(p->arena, num, size);
  if (!memory) p->error = pjrt_error_out_of_memory();
  return memory;
}

void *mlir_push(mlir_parser *p, mlir_list *list, size_t item_size) {
  if (list->num == list->capacity) {
    size_t capacity = list->capacity ? 2 * list->capacity : 4;
    char *items = mlir_alloc(p, capacity, item_size);
    if (!items) return NULL;
    if (list->num) memcpy(items, list->items, list->num * item_size);
    list->items = items;
    list->capacity = capacity;
  }
  return (char *)list->items + item_size * list->num++;
}

char *mlir_copy_text(mlir_parser *p, const char *text, size_t size) {
  char *copy = mlir_alloc(p, size + 1, 1);
  if (copy && size) memcpy(copy, text, size);
  return copy;
}
