/* Fields of messages, found where they lie. */
#include <string.h>

#include "base/alloc.h"
#include "hlo/hlo.h"

/* What a module asks for by being looked at again and again is bounded. */
static bool take_step(hlo_printer *p) {
  if (p->num_steps++ == p->max_steps) pjrt_hlo_fail_size(p, "steps to read");
  return !pjrt_hlo_is_over(p);
}

static bool next(hlo_printer *p, pjrt_wire *wire, pjrt_wire_field *out) {
  if (!take_step(p)) return false;
  if (pjrt_wire_next(wire, out)) return true;
  if (wire->malformed) pjrt_hlo_fail_here(p, "damaged");
  return false;
}

/* The last field with the number and the type; all zero without one. */
static pjrt_wire_field find(hlo_printer *p, hlo_bytes message, uint32_t number,
                            pjrt_wire_type type) {
  pjrt_wire_field found = {0};
  pjrt_wire_field field;
  pjrt_wire wire = pjrt_wire_start(message.data, message.size);
  while (next(p, &wire, &field)) {
    if (field.number == number && field.type == type) found = field;
  }
  return found;
}

uint64_t pjrt_hlo_varint(hlo_printer *p, hlo_bytes message, uint32_t number) {
  return find(p, message, number, PJRT_WIRE_VARINT).value;
}

int64_t pjrt_hlo_int(hlo_printer *p, hlo_bytes message, uint32_t number) {
  return (int64_t)pjrt_hlo_varint(p, message, number);
}

bool pjrt_hlo_bool(hlo_printer *p, hlo_bytes message, uint32_t number) {
  return pjrt_hlo_varint(p, message, number) != 0;
}

double pjrt_hlo_double(hlo_printer *p, hlo_bytes message, uint32_t number) {
  double value = 0;
  pjrt_wire_field field = find(p, message, number, PJRT_WIRE_FIXED64);
  if (field.data) memcpy(&value, field.data, sizeof value);
  return value;
}

float pjrt_hlo_float(hlo_printer *p, hlo_bytes message, uint32_t number) {
  float value = 0;
  pjrt_wire_field field = find(p, message, number, PJRT_WIRE_FIXED32);
  if (field.data) memcpy(&value, field.data, sizeof value);
  return value;
}

hlo_bytes pjrt_hlo_bytes(hlo_printer *p, hlo_bytes message, uint32_t number) {
  pjrt_wire_field field = find(p, message, number, PJRT_WIRE_BYTES);
  return (hlo_bytes){field.data, field.size};
}

hlo_list pjrt_hlo_list(hlo_printer *p, hlo_bytes message, uint32_t number) {
  return (hlo_list){.p = p,
                    .message = pjrt_wire_start(message.data, message.size),
                    .number = number};
}

bool pjrt_hlo_next_bytes(hlo_list *list, hlo_bytes *out) {
  pjrt_wire_field field;
  while (next(list->p, &list->message, &field)) {
    if (field.number != list->number || field.type != PJRT_WIRE_BYTES) continue;
    *out = (hlo_bytes){field.data, field.size};
    return true;
  }
  return false;
}

hlo_bytes *pjrt_hlo_all_bytes(hlo_printer *p, hlo_bytes message,
                              uint32_t number, size_t *out_num) {
  hlo_bytes element;
  void *memory;
  size_t num = 0;
  *out_num = 0;
  hlo_list list = pjrt_hlo_list(p, message, number);
  while (pjrt_hlo_next_bytes(&list, &element)) num++;
  if (num == 0) return NULL;
  pjrt_error *error = pjrt_alloc(num, sizeof element, &memory);
  if (error) {
    pjrt_hlo_fail(p, error);
    return NULL;
  }
  hlo_bytes *all = memory;
  list = pjrt_hlo_list(p, message, number);
  while (*out_num < num && pjrt_hlo_next_bytes(&list, &all[*out_num])) {
    ++*out_num;
  }
  return all;
}

/* A repeated number comes packed, one by one, or both. */
bool pjrt_hlo_next_int(hlo_list *list, int64_t *out) {
  for (;;) {
    uint64_t value;
    if (pjrt_wire_next_varint(&list->packed, &value)) {
      *out = (int64_t)value;
      return take_step(list->p);
    }
    if (list->packed.malformed) pjrt_hlo_fail_here(list->p, "damaged");
    pjrt_wire_field field;
    if (!next(list->p, &list->message, &field)) return false;
    if (field.number != list->number) continue;
    if (field.type == PJRT_WIRE_BYTES) {
      list->packed = pjrt_wire_start(field.data, field.size);
    } else if (field.type == PJRT_WIRE_VARINT) {
      *out = (int64_t)field.value;
      return true;
    }
  }
}

bool pjrt_hlo_is_empty(hlo_printer *p, hlo_bytes message, uint32_t number) {
  int64_t first;
  hlo_list list = pjrt_hlo_list(p, message, number);
  return !pjrt_hlo_next_int(&list, &first);
}

void pjrt_hlo_put_ints(hlo_printer *p, hlo_bytes message, uint32_t number,
                       const char *separator) {
  int64_t value;
  const char *before = "";
  hlo_list list = pjrt_hlo_list(p, message, number);
  while (pjrt_hlo_next_int(&list, &value)) {
    pjrt_hlo_put(p, before);
    pjrt_hlo_put_int(p, value);
    before = separator;
  }
}
