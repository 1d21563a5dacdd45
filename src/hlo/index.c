/* What a module has, found once: computations, instructions, who is who. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "hlo/hlo.h"

enum {
  MODULE_COMPUTATIONS = 3,
  MODULE_SCHEDULE = 7,
  MODULE_STACK_FRAMES = 17,
  MODULE_PAYLOADS = 22,
  MODULE_LAST_KNOWN = 24,
  COMPUTATION_NAME = 1,
  COMPUTATION_INSTRUCTIONS = 2,
  COMPUTATION_ID = 5,
  COMPUTATION_ROOT_ID = 6,
  COMPUTATION_LAST_KNOWN = 8,
  INSTRUCTION_NAME = 1,
  INSTRUCTION_OPCODE = 2,
  INSTRUCTION_ID = 35,
  INSTRUCTION_OPERAND_IDS = 36,
  INSTRUCTION_CALLED_COMPUTATION_IDS = 38,
  INSTRUCTION_BLOCK_SCALING_CONFIG = 101,
  INSTRUCTION_LAST_KNOWN = 102,
  SCHEDULE_SEQUENCES = 1,
  ENTRY_KEY = 1,
  ENTRY_VALUE = 2
};

/* Newer modules put the computation's id into the high half. */
static uint64_t local_id(int64_t id) { return (uint32_t)id; }

/* ---- ids ----------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b) {
  const uint64_t x = ((const hlo_id *)a)->id;
  const uint64_t y = ((const hlo_id *)b)->id;
  return (x > y) - (x < y);
}

static const hlo_id *find_id(const hlo_id *ids, size_t num, uint64_t id) {
  const hlo_id wanted = {.id = id};
  return num ? bsearch(&wanted, ids, num, sizeof *ids, compare_ids) : NULL;
}

/* Sorts, and refuses an id that two have. */
static void sort_ids(hlo_printer *p, hlo_id *ids, size_t num,
                     const char *what) {
  if (num) qsort(ids, num, sizeof *ids, compare_ids);
  for (size_t i = 1; i < num; i++) {
    if (ids[i].id != ids[i - 1].id) continue;
    pjrt_hlo_fail_here(p, "two %s have the id %llu", what,
                       (unsigned long long)ids[i].id);
    return;
  }
}

const hlo_instruction *pjrt_hlo_instruction(hlo_printer *p,
                                            const hlo_computation *computation,
                                            int64_t id, const char *what) {
  const hlo_id *found = find_id(p->instruction_ids + computation->first,
                                computation->num_instructions, local_id(id));
  if (found) return &p->instructions[found->index];
  pjrt_hlo_fail_here(p, "%s %lld is no instruction of the computation", what,
                     (long long)id);
  return NULL;
}

hlo_computation *pjrt_hlo_computation(hlo_printer *p, int64_t id) {
  const hlo_id *found =
      find_id(p->computation_ids, p->num_computations, (uint64_t)id);
  if (found) return &p->computations[found->index];
  pjrt_hlo_fail_here(p, "there is no computation %lld", (long long)id);
  return NULL;
}

/* ---- filling the tables -------------------------------------------------- */

/* All fields at once: this is most of what a module has. */
static uint64_t read_instruction(hlo_printer *p, hlo_instruction *out) {
  uint64_t id = 0;
  pjrt_wire_field field;
  pjrt_wire wire = pjrt_wire_start(out->message.data, out->message.size);
  while (pjrt_wire_next(&wire, &field)) {
    const hlo_bytes bytes = {field.data, field.size};
    if (field.number == INSTRUCTION_ID && field.type == PJRT_WIRE_VARINT) {
      id = field.value;
    } else if (field.number > INSTRUCTION_LAST_KNOWN ||
               (field.number == INSTRUCTION_BLOCK_SCALING_CONFIG &&
                field.size > 0)) {
      pjrt_hlo_note(p, HLO_UNKNOWN_INSTRUCTION_FIELD, field.number, out->name);
    } else if (field.type != PJRT_WIRE_BYTES) {
      continue;
    } else if (field.number == INSTRUCTION_NAME) {
      out->name = bytes;
    } else if (field.number == INSTRUCTION_OPCODE) {
      out->opcode = bytes;
    }
  }
  if (wire.malformed) pjrt_hlo_fail_here(p, "damaged");
  return local_id((int64_t)id);
}

static void read_instructions(hlo_printer *p, hlo_computation *computation) {
  hlo_bytes message;
  hlo_list list =
      pjrt_hlo_list(p, computation->message, COMPUTATION_INSTRUCTIONS);
  computation->first = p->num_instructions;
  while (pjrt_hlo_next_bytes(&list, &message)) {
    const size_t i = p->num_instructions++;
    hlo_instruction *instruction = &p->instructions[i];
    instruction->message = message;
    p->instruction_ids[i].id = read_instruction(p, instruction);
    p->instruction_ids[i].index = i;
    if (pjrt_text_equal(instruction->opcode.data, instruction->opcode.size,
                        "parameter")) {
      computation->num_parameters++;
    }
  }
  computation->num_instructions = p->num_instructions - computation->first;
  sort_ids(p, p->instruction_ids + computation->first,
           computation->num_instructions, "instructions");
}

static void note_newer_fields(hlo_printer *p, hlo_bytes message, uint32_t last,
                              hlo_unknown_kind kind, hlo_bytes name) {
  pjrt_wire_field field;
  pjrt_wire wire = pjrt_wire_start(message.data, message.size);
  while (pjrt_wire_next(&wire, &field)) {
    if (field.number > last) pjrt_hlo_note(p, kind, field.number, name);
  }
}

static void read_computation(hlo_printer *p, hlo_bytes message, size_t i) {
  hlo_computation *computation = &p->computations[i];
  computation->message = message;
  computation->name = pjrt_hlo_bytes(p, message, COMPUTATION_NAME);
  p->computation = computation;
  p->computation_ids[i].id = pjrt_hlo_varint(p, message, COMPUTATION_ID);
  p->computation_ids[i].index = i;
  note_newer_fields(p, message, COMPUTATION_LAST_KNOWN,
                    HLO_UNKNOWN_COMPUTATION_FIELD, computation->name);
  read_instructions(p, computation);
  const hlo_instruction *root = pjrt_hlo_instruction(
      p, computation, pjrt_hlo_int(p, message, COMPUTATION_ROOT_ID),
      "the root");
  if (root) computation->root = (size_t)(root - p->instructions);
  p->computation = NULL;
}

static void count(hlo_printer *p, size_t *out_computations,
                  size_t *out_instructions) {
  hlo_bytes computation;
  hlo_bytes instruction;
  hlo_list computations = pjrt_hlo_list(p, p->module, MODULE_COMPUTATIONS);
  while (pjrt_hlo_next_bytes(&computations, &computation)) {
    hlo_list instructions =
        pjrt_hlo_list(p, computation, COMPUTATION_INSTRUCTIONS);
    ++*out_computations;
    while (pjrt_hlo_next_bytes(&instructions, &instruction)) {
      ++*out_instructions;
    }
  }
}

static pjrt_error *allocate(hlo_printer *p, size_t num_computations,
                            size_t num_instructions) {
  void *memory;
  PJRT_TRY(pjrt_alloc(num_computations, sizeof *p->computations, &memory));
  p->computations = memory;
  PJRT_TRY(pjrt_alloc(num_computations, sizeof *p->computation_ids, &memory));
  p->computation_ids = memory;
  PJRT_TRY(pjrt_alloc(num_computations, sizeof *p->order, &memory));
  p->order = memory;
  PJRT_TRY(pjrt_alloc(num_instructions, sizeof *p->instructions, &memory));
  p->instructions = memory;
  PJRT_TRY(pjrt_alloc(num_instructions, sizeof *p->instruction_ids, &memory));
  p->instruction_ids = memory;
  return NULL;
}

static void read_stack_frames(hlo_printer *p) {
  enum {
    FILE_NAMES = 1,
    FUNCTION_NAMES = 2,
    FILE_LOCATIONS = 3,
    STACK_FRAMES = 4
  };
  const hlo_bytes index = pjrt_hlo_bytes(p, p->module, MODULE_STACK_FRAMES);
  p->file_names = pjrt_hlo_all_bytes(p, index, FILE_NAMES, &p->num_file_names);
  p->function_names =
      pjrt_hlo_all_bytes(p, index, FUNCTION_NAMES, &p->num_function_names);
  p->file_locations =
      pjrt_hlo_all_bytes(p, index, FILE_LOCATIONS, &p->num_file_locations);
  p->stack_frames =
      pjrt_hlo_all_bytes(p, index, STACK_FRAMES, &p->num_stack_frames);
}

static void read_schedule(hlo_printer *p) {
  hlo_bytes entry;
  const hlo_bytes schedule = pjrt_hlo_bytes(p, p->module, MODULE_SCHEDULE);
  hlo_list list = pjrt_hlo_list(p, schedule, SCHEDULE_SEQUENCES);
  p->is_scheduled = schedule.data != NULL;
  while (pjrt_hlo_next_bytes(&list, &entry)) {
    hlo_computation *computation =
        pjrt_hlo_computation(p, pjrt_hlo_int(p, entry, ENTRY_KEY));
    if (!computation) return;
    computation->sequence = pjrt_hlo_bytes(p, entry, ENTRY_VALUE);
  }
}

/* ---- calls --------------------------------------------------------------- */

static bool is_opcode(const hlo_instruction *instruction, const char *opcode) {
  return pjrt_text_equal(instruction->opcode.data, instruction->opcode.size,
                         opcode);
}

/* Who is called, and who is called by an async-start. A computation stands
 * before its callers, so that none can call itself. */
static void read_calls(hlo_printer *p, size_t caller) {
  const hlo_computation *computation = &p->computations[caller];
  p->computation = computation;
  for (size_t i = 0; i < computation->num_instructions; i++) {
    const hlo_instruction *instruction =
        &p->instructions[computation->first + i];
    const bool is_async = is_opcode(instruction, "async-start");
    int64_t id;
    hlo_list list = pjrt_hlo_list(p, instruction->message,
                                  INSTRUCTION_CALLED_COMPUTATION_IDS);
    p->instruction = instruction;
    while (pjrt_hlo_next_int(&list, &id)) {
      hlo_computation *called = pjrt_hlo_computation(p, id);
      if (!called) return;
      if (called >= computation) {
        pjrt_hlo_fail_here(
            p, "calls '%.*s', which does not stand before it",
            called->name.size < 100 ? (int)called->name.size : 100,
            (const char *)called->name.data);
        return;
      }
      called->is_called = true;
      called->is_async |= is_async;
    }
    p->instruction = NULL;
  }
  p->computation = NULL;
}

/* A computation whose calls are being followed. */
typedef struct order_frame {
  size_t computation;
  size_t next; /* of its instructions, by id */
} order_frame;

/* Puts those that the instruction calls on the stack, the first one on top. */
static size_t push_called(hlo_printer *p, const hlo_instruction *instruction,
                          order_frame *stack, size_t depth) {
  int64_t id;
  size_t top = depth;
  hlo_list list = pjrt_hlo_list(p, instruction->message,
                                INSTRUCTION_CALLED_COMPUTATION_IDS);
  while (pjrt_hlo_next_int(&list, &id)) {
    hlo_computation *called = pjrt_hlo_computation(p, id);
    if (!called || called->is_ordered) continue;
    called->is_ordered = true;
    stack[top++] =
        (order_frame){(size_t)(called - p->computations), called->first};
  }
  for (size_t a = depth, b = top; a + 1 < b; a++) {
    const order_frame frame = stack[a];
    stack[a] = stack[--b];
    stack[b] = frame;
  }
  return top;
}

/* XLA's order: by id those that nobody calls, each after all that it calls,
 * directly or not, as the ids of its instructions go. */
static void put_in_order(hlo_printer *p, size_t root, order_frame *stack,
                         size_t *num) {
  size_t depth = 1;
  stack[0] = (order_frame){root, p->computations[root].first};
  p->computations[root].is_ordered = true;
  while (depth > 0 && !pjrt_hlo_is_over(p)) {
    order_frame *frame = &stack[depth - 1];
    const hlo_computation *computation = &p->computations[frame->computation];
    if (frame->next == computation->first + computation->num_instructions) {
      p->order[(*num)++] = frame->computation;
      depth--;
    } else {
      const hlo_id *next = &p->instruction_ids[frame->next++];
      depth = push_called(p, &p->instructions[next->index], stack, depth);
    }
  }
}

static void order_computations(hlo_printer *p) {
  void *stack;
  size_t num = 0;
  pjrt_error *error =
      pjrt_alloc(p->num_computations, sizeof(order_frame), &stack);
  if (error) {
    pjrt_hlo_fail(p, error);
    return;
  }
  for (size_t i = 0; i < p->num_computations; i++) {
    const size_t root = p->computation_ids[i].index;
    if (!p->computations[root].is_called) put_in_order(p, root, stack, &num);
  }
  free(stack);
}

void pjrt_hlo_index(hlo_printer *p) {
  size_t num_computations = 0;
  size_t num_instructions = 0;
  hlo_bytes message;
  count(p, &num_computations, &num_instructions);
  pjrt_error *error = allocate(p, num_computations, num_instructions);
  if (error) pjrt_hlo_fail(p, error);
  note_newer_fields(p, p->module, MODULE_LAST_KNOWN, HLO_UNKNOWN_MODULE_FIELD,
                    (hlo_bytes){0});
  hlo_list list = pjrt_hlo_list(p, p->module, MODULE_COMPUTATIONS);
  while (pjrt_hlo_next_bytes(&list, &message)) {
    read_computation(p, message, p->num_computations++);
  }
  sort_ids(p, p->computation_ids, p->num_computations, "computations");
  read_schedule(p);
  read_stack_frames(p);
  p->payloads =
      pjrt_hlo_all_bytes(p, p->module, MODULE_PAYLOADS, &p->num_payloads);
  for (size_t i = 0; i < p->num_computations && !pjrt_hlo_is_over(p); i++) {
    read_calls(p, i);
  }
  if (!pjrt_hlo_is_over(p)) order_computations(p);
}

void pjrt_hlo_index_free(hlo_printer *p) {
  free(p->computations);
  free(p->computation_ids);
  free(p->order);
  free(p->instructions);
  free(p->instruction_ids);
  free(p->file_names);
  free(p->function_names);
  free(p->file_locations);
  free(p->stack_frames);
  free(p->payloads);
}

/* ---- neighbours ---------------------------------------------------------- */

const hlo_instruction *pjrt_hlo_operand(hlo_printer *p,
                                        const hlo_instruction *instruction,
                                        size_t k) {
  int64_t id;
  hlo_list list =
      pjrt_hlo_list(p, instruction->message, INSTRUCTION_OPERAND_IDS);
  for (size_t i = 0; pjrt_hlo_next_int(&list, &id); i++) {
    if (i == k) {
      return pjrt_hlo_instruction(p, p->computation, id, "operand");
    }
  }
  return NULL;
}

bool pjrt_hlo_is_single(hlo_printer *p, const hlo_computation *computation) {
  const hlo_instruction *root = &p->instructions[computation->root];
  const bool is_parameter = is_opcode(root, "parameter");
  return computation->num_parameters + !is_parameter ==
         computation->num_instructions;
}

const hlo_computation *pjrt_hlo_async_computation(
    hlo_printer *p, const hlo_instruction *instruction) {
  int64_t id;
  for (size_t i = 0; instruction && !is_opcode(instruction, "async-start");
       i++) {
    if (i == HLO_MAX_CHAIN || (!is_opcode(instruction, "async-done") &&
                               !is_opcode(instruction, "async-update"))) {
      return NULL;
    }
    instruction = pjrt_hlo_operand(p, instruction, 0);
  }
  if (!instruction) return NULL;
  hlo_list list = pjrt_hlo_list(p, instruction->message,
                                INSTRUCTION_CALLED_COMPUTATION_IDS);
  if (!pjrt_hlo_next_int(&list, &id)) return NULL;
  const hlo_computation *called = pjrt_hlo_computation(p, id);
  return called && pjrt_hlo_is_single(p, called) ? called : NULL;
}
