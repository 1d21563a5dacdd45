/* A module's head and its computations. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/opts.h"
#include "core/program.h"
#include "hlo/hlo.h"

enum {
  MODULE_NAME = 1,
  MODULE_HOST_PROGRAM_SHAPE = 4,
  MODULE_ENTRY_COMPUTATION_ID = 6,
  MODULE_INPUT_OUTPUT_ALIAS = 8,
  MODULE_BUFFER_DONOR = 18,
  MODULE_FRONTEND_ATTRIBUTES = 19,
  COMPUTATION_EXECUTION_THREAD = 8,
  INSTRUCTION_SHAPE = 3,
  INSTRUCTION_PARAMETER_NUMBER = 9,
  PROGRAM_SHAPE_PARAMETERS = 1,
  PROGRAM_SHAPE_RESULT = 2,
  SEQUENCE_INSTRUCTION_IDS = 1
};

/* What a byte of the module may become. Names that are used, and digits that
 * come of bits, stay well below. */
enum { TEXT_PER_BYTE = 256, LEAST_TEXT = 1 << 16 };

void pjrt_hlo_opts_init(pjrt_hlo_opts *opts) {
  *opts = (pjrt_hlo_opts){.struct_size = sizeof *opts,
                          .print_metadata = true,
                          .print_backend_config = true};
}

/* ---- the head ------------------------------------------------------------ */

static void put_index(hlo_printer *p, hlo_bytes message, uint32_t number) {
  pjrt_hlo_put(p, "{");
  pjrt_hlo_put_ints(p, message, number, ",");
  pjrt_hlo_put(p, "}");
}

static void put_aliases(hlo_printer *p) {
  enum {
    ENTRIES = 1,
    OUTPUT_SHAPE_INDEX = 1,
    PARAMETER_NUMBER = 2,
    PARAMETER_SHAPE_INDEX = 3,
    KIND = 4,
    MUST_ALIAS = 2
  };
  hlo_bytes entry;
  const char *before = ", input_output_alias={ ";
  const hlo_bytes aliases =
      pjrt_hlo_bytes(p, p->module, MODULE_INPUT_OUTPUT_ALIAS);
  hlo_list entries = pjrt_hlo_list(p, aliases, ENTRIES);
  if (!pjrt_hlo_bytes(p, aliases, ENTRIES).data) return;
  while (pjrt_hlo_next_bytes(&entries, &entry)) {
    pjrt_hlo_put(p, before);
    put_index(p, entry, OUTPUT_SHAPE_INDEX);
    pjrt_hlo_putf(p, ": (%lld, ",
                  (long long)pjrt_hlo_int(p, entry, PARAMETER_NUMBER));
    put_index(p, entry, PARAMETER_SHAPE_INDEX);
    pjrt_hlo_put(p, pjrt_hlo_varint(p, entry, KIND) == MUST_ALIAS
                        ? ", must-alias)"
                        : ", may-alias)");
    before = ", ";
  }
  pjrt_hlo_put(p, " }");
}

static void put_donors(hlo_printer *p) {
  enum { ENTRIES = 1, PARAMETER_NUMBER = 1, PARAMETER_SHAPE_INDEX = 2 };
  hlo_bytes entry;
  const char *before = ", buffer_donor={ ";
  const hlo_bytes donors = pjrt_hlo_bytes(p, p->module, MODULE_BUFFER_DONOR);
  hlo_list entries = pjrt_hlo_list(p, donors, ENTRIES);
  if (!pjrt_hlo_bytes(p, donors, ENTRIES).data) return;
  while (pjrt_hlo_next_bytes(&entries, &entry)) {
    pjrt_hlo_put(p, before);
    pjrt_hlo_putf(p, "(%lld, ",
                  (long long)pjrt_hlo_int(p, entry, PARAMETER_NUMBER));
    put_index(p, entry, PARAMETER_SHAPE_INDEX);
    pjrt_hlo_put(p, ")");
    before = ", ";
  }
  pjrt_hlo_put(p, " }");
}

static void put_entry_layout(hlo_printer *p) {
  hlo_bytes shape;
  const hlo_bytes program =
      pjrt_hlo_bytes(p, p->module, MODULE_HOST_PROGRAM_SHAPE);
  hlo_list list = pjrt_hlo_list(p, program, PROGRAM_SHAPE_PARAMETERS);
  if (!program.data) return;
  pjrt_hlo_put(p, ", entry_computation_layout={(");
  for (size_t i = 0; pjrt_hlo_next_bytes(&list, &shape); i++) {
    pjrt_hlo_put_list_separator(p, i);
    pjrt_hlo_put_shape(p, shape, true);
  }
  pjrt_hlo_put(p, ")->");
  pjrt_hlo_put_shape(p, pjrt_hlo_bytes(p, program, PROGRAM_SHAPE_RESULT), true);
  pjrt_hlo_put(p, "}");
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* What no name may have becomes '_'. */
static void put_module_name(hlo_printer *p) {
  const hlo_bytes name = pjrt_hlo_bytes(p, p->module, MODULE_NAME);
  const char *text = name.data;
  for (size_t i = 0; i < name.size; i++) {
    const bool is_other =
        (text[i] >= '0' && text[i] <= '9') || text[i] == '-' || text[i] == '.';
    const bool is_valid = is_letter(text[i]) || (i > 0 && is_other);
    pjrt_hlo_put_bytes(p, (hlo_bytes){is_valid ? text + i : "_", 1});
  }
}

static void put_head(hlo_printer *p) {
  pjrt_hlo_put(p, "HloModule ");
  put_module_name(p);
  if (p->is_scheduled) pjrt_hlo_put(p, ", is_scheduled=true");
  put_aliases(p);
  put_donors(p);
  put_entry_layout(p);
  pjrt_hlo_put_frontend_attributes(
      p, pjrt_hlo_bytes(p, p->module, MODULE_FRONTEND_ATTRIBUTES));
}

/* ---- computations -------------------------------------------------------- */

/* The parameters by their numbers. */
static void find_parameters(hlo_printer *p, const hlo_instruction **out) {
  const hlo_computation *computation = p->computation;
  for (size_t i = 0; i < computation->num_instructions; i++) {
    const hlo_instruction *it = &p->instructions[computation->first + i];
    if (!pjrt_text_equal(it->opcode.data, it->opcode.size, "parameter")) {
      continue;
    }
    const uint64_t number =
        pjrt_hlo_varint(p, it->message, INSTRUCTION_PARAMETER_NUMBER);
    if (number >= computation->num_parameters || out[number]) {
      pjrt_hlo_fail_here(p, "parameter number %llu of %zu parameters",
                         (unsigned long long)number,
                         computation->num_parameters);
      return;
    }
    out[number] = it;
  }
}

static void put_parameters(hlo_printer *p, const hlo_instruction **parameters) {
  pjrt_hlo_put(p, "(");
  for (size_t i = 0; i < p->computation->num_parameters; i++) {
    pjrt_hlo_put(p, i ? ", " : "");
    pjrt_hlo_put_bytes(p, parameters[i]->name);
    pjrt_hlo_put(p, ": ");
    pjrt_hlo_put_shape(
        p, pjrt_hlo_bytes(p, parameters[i]->message, INSTRUCTION_SHAPE), false);
  }
  pjrt_hlo_put(p, ") -> ");
}

static void put_signature(hlo_printer *p) {
  void *memory;
  const hlo_instruction *root = &p->instructions[p->computation->root];
  pjrt_error *error = pjrt_alloc(p->computation->num_parameters,
                                 sizeof(hlo_instruction *), &memory);
  if (error) {
    pjrt_hlo_fail(p, error);
    return;
  }
  find_parameters(p, memory);
  if (!pjrt_hlo_is_over(p)) put_parameters(p, memory);
  free(memory);
  pjrt_hlo_put_shape(p, pjrt_hlo_bytes(p, root->message, INSTRUCTION_SHAPE),
                     false);
}

static void put_line(hlo_printer *p, const hlo_instruction *it) {
  const bool is_root = it == &p->instructions[p->computation->root];
  pjrt_hlo_put(p, is_root ? "  ROOT " : "  ");
  pjrt_hlo_put_instruction(p, it);
  pjrt_hlo_put(p, "\n");
}

static void put_scheduled(hlo_printer *p) {
  int64_t id;
  size_t num = 0;
  hlo_list ids =
      pjrt_hlo_list(p, p->computation->sequence, SEQUENCE_INSTRUCTION_IDS);
  while (pjrt_hlo_next_int(&ids, &id)) {
    const hlo_instruction *it =
        pjrt_hlo_instruction(p, p->computation, id, "in the schedule");
    if (!it) return;
    put_line(p, it);
    num++;
  }
  if (num != p->computation->num_instructions) {
    pjrt_hlo_fail_here(p, "%zu of %zu instructions in the schedule", num,
                       p->computation->num_instructions);
  }
}

static void put_instructions(hlo_printer *p) {
  const hlo_computation *computation = p->computation;
  if (!pjrt_hlo_is_empty(p, computation->sequence, SEQUENCE_INSTRUCTION_IDS)) {
    put_scheduled(p);
    return;
  }
  for (size_t i = 0; i < computation->num_instructions; i++) {
    if (pjrt_hlo_is_over(p)) return;
    put_line(p, &p->instructions[computation->first + i]);
  }
}

static void put_computation(hlo_printer *p, const hlo_computation *it,
                            bool is_entry) {
  const hlo_bytes thread =
      pjrt_hlo_bytes(p, it->message, COMPUTATION_EXECUTION_THREAD);
  p->computation = it;
  pjrt_hlo_put(p, is_entry ? "ENTRY %" : "%");
  pjrt_hlo_put_bytes(p, it->name);
  pjrt_hlo_put(p, " ");
  put_signature(p);
  pjrt_hlo_put(p, " {\n");
  put_instructions(p);
  pjrt_hlo_put(p, "}");
  if (thread.size && !pjrt_text_equal(thread.data, thread.size, "main")) {
    pjrt_hlo_put(p, ", execution_thread=\"");
    pjrt_hlo_put_bytes(p, thread);
    pjrt_hlo_put(p, "\"");
  }
  pjrt_hlo_put(p, "\n\n");
  p->computation = NULL;
}

static void put_computations(hlo_printer *p) {
  const hlo_computation *entry = pjrt_hlo_computation(
      p, pjrt_hlo_int(p, p->module, MODULE_ENTRY_COMPUTATION_ID));
  for (size_t i = 0; i < p->num_computations && !pjrt_hlo_is_over(p); i++) {
    const hlo_computation *it = &p->computations[p->order[i]];
    if (it->is_async && pjrt_hlo_is_single(p, it)) continue;
    put_computation(p, it, it == entry);
  }
}

/* ---- what is newer ------------------------------------------------------- */

static void put_unknown(hlo_printer *p, const hlo_unknown *it) {
  static const char *const kinds[] = {
      [HLO_UNKNOWN_MODULE_FIELD] = "field %llu of HloModuleProto",
      [HLO_UNKNOWN_COMPUTATION_FIELD] = "field %llu of HloComputationProto",
      [HLO_UNKNOWN_INSTRUCTION_FIELD] = "field %llu of HloInstructionProto",
      [HLO_UNKNOWN_ELEMENT_TYPE] = "the name of element type %llu",
      [HLO_UNKNOWN_ENUM_VALUE] = "the name of an enum's value %llu",
      [HLO_UNKNOWN_OPCODE] = "attributes of the opcode",
  };
  char what[64];
  snprintf(what, sizeof what, kinds[it->kind], (unsigned long long)it->number);
  pjrt_hlo_put(p, "// Not shown: ");
  pjrt_hlo_put(p, what);
  if (it->name.size) {
    pjrt_hlo_put(p, it->kind == HLO_UNKNOWN_OPCODE ? " " : ", as in ");
    pjrt_hlo_put_quoted(p, it->name);
  }
  pjrt_hlo_put(p, "\n");
}

/* ---- the whole ----------------------------------------------------------- */

static void print_module(hlo_printer *p) {
  p->max_size = SIZE_MAX / 2;
  if (!__builtin_mul_overflow(p->module.size, TEXT_PER_BYTE, &p->max_size)) {
    p->max_size += LEAST_TEXT;
  }
  p->max_steps = p->max_size;
  pjrt_hlo_index(p);
  put_head(p);
  pjrt_hlo_put_stack_frames(p);
  pjrt_hlo_put(p, "\n\n");
  put_computations(p);
  for (size_t i = 0; i < p->num_unknown; i++) put_unknown(p, &p->unknown[i]);
  pjrt_hlo_index_free(p);
}

static pjrt_error *check_program(const pjrt_program *program) {
  if (!program) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "program is NULL");
  }
  const pjrt_program_format format = pjrt_program_format_of(program);
  if (format == PJRT_FORMAT_HLO) return NULL;
  return pjrt_error_format(PJRT_UNIMPLEMENTED,
                           "the program is of format %s, and no HLO to print",
                           pjrt_program_format_name(format));
}

pjrt_error *pjrt_hlo_print(const pjrt_program *program,
                           const pjrt_hlo_opts *opts, char **out,
                           size_t *out_size) {
  hlo_printer p = {0};
  *out = NULL;
  if (out_size) *out_size = 0;
  pjrt_hlo_opts_init(&p.opts);
  PJRT_TRY(pjrt_opts_read(opts, "pjrt_hlo_opts", sizeof p.opts, &p.opts));
  PJRT_TRY(check_program(program));
  p.module.data = pjrt_program_code(program, &p.module.size);
  print_module(&p);
  if (!p.error) return pjrt_builder_finish(&p.out, out, out_size);
  pjrt_builder_clear(&p.out);
  return p.error;
}
