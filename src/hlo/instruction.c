/* One line of a computation. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "hlo/hlo.h"

enum {
  INSTRUCTION_SHAPE = 3,
  INSTRUCTION_METADATA = 7,
  INSTRUCTION_PARAMETER_NUMBER = 9,
  INSTRUCTION_OPERAND_IDS = 36,
  INSTRUCTION_CONTROL_PREDECESSOR_IDS = 37,
  INSTRUCTION_CALLED_COMPUTATION_IDS = 38,
  INSTRUCTION_SHARDING = 40,
  INSTRUCTION_BACKEND_CONFIG = 43,
  INSTRUCTION_FRONTEND_ATTRIBUTES = 68,
  INSTRUCTION_STATISTICS_VIZ = 82,
  INSTRUCTION_ORIGINAL_VALUE = 88,
  INSTRUCTION_IS_COMPOSITE = 89,
  INSTRUCTION_RESULT_ACCURACY = 91,
  INSTRUCTION_BACKEND_CONFIG_PAYLOAD = 99,
  TYPE_PRED = 1
};

static bool is_one_of(hlo_bytes opcode, const char *const *names) {
  for (; *names; names++) {
    if (pjrt_text_equal(opcode.data, opcode.size, *names)) return true;
  }
  return false;
}

static bool is_opcode(const hlo_instruction *of, const char *name) {
  return pjrt_text_equal(of->opcode.data, of->opcode.size, name);
}

/* ---- operands ------------------------------------------------------------ */

static void put_names(hlo_printer *p, const hlo_instruction *of,
                      uint32_t number, const char *what) {
  int64_t id;
  hlo_list ids = pjrt_hlo_list(p, of->message, number);
  const bool is_operand = number == INSTRUCTION_OPERAND_IDS;
  for (size_t i = 0; pjrt_hlo_next_int(&ids, &id); i++) {
    const hlo_instruction *other =
        pjrt_hlo_instruction(p, p->computation, id, what);
    if (!other) return;
    if (is_operand) {
      pjrt_hlo_put_list_separator(p, i);
    } else {
      pjrt_hlo_put(p, i ? ", " : "");
    }
    if (is_operand && p->opts.print_operand_shapes) {
      pjrt_hlo_put_shape(
          p, pjrt_hlo_bytes(p, other->message, INSTRUCTION_SHAPE), true);
      pjrt_hlo_put(p, " ");
    }
    pjrt_hlo_put(p, "%");
    pjrt_hlo_put_bytes(p, other->name);
  }
}

static void put_operands(hlo_printer *p, const hlo_instruction *of) {
  if (is_opcode(of, "constant")) {
    pjrt_hlo_put_constant(p, of);
  } else if (is_opcode(of, "parameter")) {
    pjrt_hlo_put_int(
        p, pjrt_hlo_int(p, of->message, INSTRUCTION_PARAMETER_NUMBER));
  } else {
    put_names(p, of, INSTRUCTION_OPERAND_IDS, "operand");
  }
}

/* ---- called computations ------------------------------------------------- */

static void put_called_names(hlo_printer *p, const hlo_instruction *of) {
  int64_t id;
  const char *before = "";
  hlo_list ids =
      pjrt_hlo_list(p, of->message, INSTRUCTION_CALLED_COMPUTATION_IDS);
  while (pjrt_hlo_next_int(&ids, &id)) {
    const hlo_computation *called = pjrt_hlo_computation(p, id);
    if (!called) return;
    pjrt_hlo_put(p, before);
    pjrt_hlo_put(p, "%");
    pjrt_hlo_put_bytes(p, called->name);
    before = ", ";
  }
}

/* The k-th of them, by a name of its own. */
static void put_called(hlo_printer *p, const hlo_instruction *of,
                       const char *name, size_t k) {
  int64_t id;
  hlo_list ids =
      pjrt_hlo_list(p, of->message, INSTRUCTION_CALLED_COMPUTATION_IDS);
  for (size_t i = 0; pjrt_hlo_next_int(&ids, &id); i++) {
    if (i < k) continue;
    const hlo_computation *called = pjrt_hlo_computation(p, id);
    if (!called) return;
    pjrt_hlo_put(p, name);
    pjrt_hlo_put_bytes(p, called->name);
    return;
  }
  pjrt_hlo_fail_here(p, "calls too few computations");
}

static void put_branches(hlo_printer *p, const hlo_instruction *of) {
  const hlo_instruction *selector = pjrt_hlo_operand(p, of, 0);
  if (selector && pjrt_hlo_shape_type(p, selector) == TYPE_PRED) {
    put_called(p, of, ", true_computation=%", 0);
    put_called(p, of, ", false_computation=%", 1);
  } else {
    pjrt_hlo_put(p, ", branch_computations={");
    put_called_names(p, of);
    pjrt_hlo_put(p, "}");
  }
}

static void put_calls(hlo_printer *p, const hlo_instruction *of) {
  static const char *const appliers[] = {
      "call",           "map",        "reduce",
      "reduce-window",  "all-reduce", "all-reduce-start",
      "reduce-scatter", "scatter",    "sort",
      "scan",           NULL};
  const bool is_empty =
      pjrt_hlo_is_empty(p, of->message, INSTRUCTION_CALLED_COMPUTATION_IDS);
  if (is_opcode(of, "while")) {
    put_called(p, of, ", condition=%", 1);
    put_called(p, of, ", body=%", 0);
  } else if (is_opcode(of, "select-and-scatter")) {
    put_called(p, of, ", select=%", 0);
    put_called(p, of, ", scatter=%", 1);
  } else if (is_opcode(of, "conditional")) {
    put_branches(p, of);
  } else if (is_empty) {
    return;
  } else if (is_one_of(of->opcode, appliers)) {
    put_called(p, of, ", to_apply=%", 0);
  } else if (is_opcode(of, "custom-call")) {
    pjrt_hlo_put(p, ", called_computations={");
    put_called_names(p, of);
    pjrt_hlo_put(p, "}");
  } else {
    pjrt_hlo_put(p, ", calls=");
    put_called_names(p, of);
  }
}

/* ---- attributes that any instruction may have ---------------------------- */

typedef struct map_entry {
  hlo_bytes key;
  hlo_bytes value;
} map_entry;

static int compare_entries(const void *a, const void *b) {
  const hlo_bytes x = ((const map_entry *)a)->key;
  const hlo_bytes y = ((const map_entry *)b)->key;
  const size_t size = x.size < y.size ? x.size : y.size;
  const int order = size ? memcmp(x.data, y.data, size) : 0;
  return order ? order : (x.size > y.size) - (x.size < y.size);
}

static void put_entries(hlo_printer *p, map_entry *entries, size_t num) {
  const char *before = "";
  if (num) qsort(entries, num, sizeof *entries, compare_entries);
  pjrt_hlo_put(p, ", frontend_attributes={");
  for (size_t i = 0; i < num; i++) {
    pjrt_hlo_put(p, before);
    pjrt_hlo_put_bytes(p, entries[i].key);
    pjrt_hlo_put(p, "=");
    pjrt_hlo_put_json(p, entries[i].value);
    before = ",";
  }
  pjrt_hlo_put(p, "}");
}

void pjrt_hlo_put_frontend_attributes(hlo_printer *p, hlo_bytes attributes) {
  enum { MAP = 1, KEY = 1, VALUE = 2 };
  hlo_bytes entry;
  size_t num = 0;
  void *memory;
  hlo_list list = pjrt_hlo_list(p, attributes, MAP);
  while (pjrt_hlo_next_bytes(&list, &entry)) num++;
  if (num == 0) return;
  pjrt_error *error = pjrt_alloc(num, sizeof(map_entry), &memory);
  if (error) {
    pjrt_hlo_fail(p, error);
    return;
  }
  map_entry *entries = memory;
  list = pjrt_hlo_list(p, attributes, MAP);
  for (size_t i = 0; pjrt_hlo_next_bytes(&list, &entry); i++) {
    entries[i] = (map_entry){pjrt_hlo_bytes(p, entry, KEY),
                             pjrt_hlo_bytes(p, entry, VALUE)};
  }
  put_entries(p, entries, num);
  free(memory);
}

static void put_statistics(hlo_printer *p, hlo_bytes viz) {
  enum { STAT_INDEX = 1, STATISTICS = 2, STAT_NAME = 1, STAT_VAL = 2 };
  hlo_bytes statistic;
  hlo_list list = pjrt_hlo_list(p, viz, STATISTICS);
  if (!pjrt_hlo_bytes(p, viz, STATISTICS).data) return;
  pjrt_hlo_put(p, ", statistics={visualizing_index=");
  pjrt_hlo_put_int(p, pjrt_hlo_int(p, viz, STAT_INDEX));
  while (pjrt_hlo_next_bytes(&list, &statistic)) {
    pjrt_hlo_put(p, ",");
    pjrt_hlo_put_bytes(p, pjrt_hlo_bytes(p, statistic, STAT_NAME));
    pjrt_hlo_put(p, "=");
    pjrt_hlo_put_double(p, pjrt_hlo_double(p, statistic, STAT_VAL), 6);
  }
  pjrt_hlo_put(p, "}");
}

static void put_result_accuracy(hlo_printer *p, hlo_bytes accuracy) {
  enum { MODE = 1, TOLERANCE = 2, ATOL = 1, RTOL = 2, ULPS = 3 };
  const uint64_t mode = pjrt_hlo_varint(p, accuracy, MODE);
  const hlo_bytes tolerance = pjrt_hlo_bytes(p, accuracy, TOLERANCE);
  if (mode) {
    pjrt_hlo_putf(p,
                  mode == 1 ? ", result_accuracy={mode=highest}"
                            : ", result_accuracy={mode=%llu}",
                  (unsigned long long)mode);
  } else if (tolerance.data) {
    pjrt_hlo_put(p, ", result_accuracy={tolerance={atol=");
    pjrt_hlo_put_double(p, pjrt_hlo_double(p, tolerance, ATOL), 6);
    pjrt_hlo_put(p, ",rtol=");
    pjrt_hlo_put_double(p, pjrt_hlo_double(p, tolerance, RTOL), 6);
    pjrt_hlo_putf(p, ",ulps=%lld}}",
                  (long long)pjrt_hlo_int(p, tolerance, ULPS));
  }
}

/* Of an async-start that stands for another operation, the attributes are that
 * one's; those of its own follow. */
static void put_attributes(hlo_printer *p, const hlo_instruction *of,
                           const hlo_computation *wrapped) {
  const hlo_computation *around = p->computation;
  if (!pjrt_hlo_enter(p)) return;
  pjrt_hlo_put_opcode_attributes(p, of);
  if (wrapped && is_opcode(of, "async-start")) {
    p->computation = wrapped;
    put_attributes(p, &p->instructions[wrapped->root], NULL);
    p->computation = around;
  } else if (!wrapped) {
    put_calls(p, of);
  }
  if (pjrt_hlo_bool(p, of->message, INSTRUCTION_IS_COMPOSITE)) {
    pjrt_hlo_put(p, ", is_composite=true");
  }
  const hlo_bytes sharding =
      pjrt_hlo_bytes(p, of->message, INSTRUCTION_SHARDING);
  if (sharding.data) {
    pjrt_hlo_put(p, ", sharding=");
    pjrt_hlo_put_sharding(p, sharding);
  }
  pjrt_hlo_put_frontend_attributes(
      p, pjrt_hlo_bytes(p, of->message, INSTRUCTION_FRONTEND_ATTRIBUTES));
  if (!pjrt_hlo_is_empty(p, of->message, INSTRUCTION_CONTROL_PREDECESSOR_IDS)) {
    pjrt_hlo_put(p, ", control-predecessors={");
    put_names(p, of, INSTRUCTION_CONTROL_PREDECESSOR_IDS,
              "control predecessor");
    pjrt_hlo_put(p, "}");
  }
  put_statistics(p, pjrt_hlo_bytes(p, of->message, INSTRUCTION_STATISTICS_VIZ));
  put_result_accuracy(
      p, pjrt_hlo_bytes(p, of->message, INSTRUCTION_RESULT_ACCURACY));
  pjrt_hlo_leave(p);
}

/* ---- where it comes from ------------------------------------------------- */

static void put_origin_leaf(hlo_printer *p, hlo_bytes element) {
  enum { ORIGINAL_ARRAY = 2, INSTRUCTION_NAME = 1, SHAPE_INDEX = 2 };
  const hlo_bytes array = pjrt_hlo_bytes(p, element, ORIGINAL_ARRAY);
  pjrt_hlo_put(p, "{");
  if (array.data) {
    pjrt_hlo_put(p, "\"");
    pjrt_hlo_put_bytes(p, pjrt_hlo_bytes(p, array, INSTRUCTION_NAME));
    pjrt_hlo_put(p, "\"");
    if (!pjrt_hlo_is_empty(p, array, SHAPE_INDEX)) {
      pjrt_hlo_put(p, " {");
      pjrt_hlo_put_ints(p, array, SHAPE_INDEX, ",");
      pjrt_hlo_put(p, "}");
    }
  }
  pjrt_hlo_put(p, "}");
}

/* Goes over from one element of a tuple of tuples to the next: `path` has been
 * left for the index in `element`. */
static size_t put_origin_braces(hlo_printer *p, hlo_bytes element,
                                int64_t path[HLO_MAX_DEPTH], size_t depth,
                                bool is_first) {
  enum { SHAPE_INDEX = 1 };
  int64_t at;
  size_t num = 0;
  size_t same = 0;
  int64_t index[HLO_MAX_DEPTH];
  hlo_list list = pjrt_hlo_list(p, element, SHAPE_INDEX);
  while (num < HLO_MAX_DEPTH && pjrt_hlo_next_int(&list, &at)) {
    index[num++] = at;
  }
  while (same < num && same < depth && index[same] == path[same]) same++;
  for (size_t i = same + 1; i < depth; i++) pjrt_hlo_put(p, ")");
  if (!is_first) pjrt_hlo_put(p, ", ");
  for (size_t i = is_first ? same : same + 1; i < num; i++) {
    pjrt_hlo_put(p, "(");
  }
  memcpy(path, index, num * sizeof *index);
  return num;
}

static void put_origin(hlo_printer *p, hlo_bytes origin) {
  enum { ELEMENTS = 1, IS_SYNTHETIC_CALL = 2 };
  hlo_bytes element;
  int64_t path[HLO_MAX_DEPTH] = {0};
  size_t depth = 0;
  bool is_first = true;
  hlo_list list = pjrt_hlo_list(p, origin, ELEMENTS);
  if (!origin.data) return;
  pjrt_hlo_put(p, ", origin={");
  if (pjrt_hlo_bool(p, origin, IS_SYNTHETIC_CALL)) {
    pjrt_hlo_put(p, "[synthetic_call]");
  }
  while (pjrt_hlo_next_bytes(&list, &element)) {
    depth = put_origin_braces(p, element, path, depth, is_first);
    put_origin_leaf(p, element);
    is_first = false;
  }
  for (; depth > 0; depth--) pjrt_hlo_put(p, ")");
  pjrt_hlo_put(p, "}");
}

/* ---- the line ------------------------------------------------------------ */

static void put_opcode(hlo_printer *p, const hlo_instruction *of,
                       const hlo_computation *wrapped) {
  const size_t prefix = sizeof "async" - 1;
  const char *opcode = of->opcode.data;
  if (wrapped) {
    pjrt_hlo_put_bytes(p, p->instructions[wrapped->root].opcode);
    pjrt_hlo_put_bytes(p,
                       (hlo_bytes){opcode + prefix, of->opcode.size - prefix});
  } else {
    pjrt_hlo_put_bytes(p, of->opcode);
  }
}

static void put_backend_config(hlo_printer *p, const hlo_instruction *of) {
  const hlo_bytes payload =
      pjrt_hlo_bytes(p, of->message, INSTRUCTION_BACKEND_CONFIG_PAYLOAD);
  const hlo_bytes config =
      payload.data ? pjrt_hlo_payload(p, payload)
                   : pjrt_hlo_bytes(p, of->message, INSTRUCTION_BACKEND_CONFIG);
  if (!p->opts.print_backend_config || config.size == 0) return;
  pjrt_hlo_put(p, ", backend_config=");
  pjrt_hlo_put_json(p, config);
}

void pjrt_hlo_put_instruction(hlo_printer *p, const hlo_instruction *of) {
  p->instruction = of;
  const hlo_computation *wrapped = pjrt_hlo_async_computation(p, of);
  pjrt_hlo_put(p, "%");
  pjrt_hlo_put_bytes(p, of->name);
  pjrt_hlo_put(p, " = ");
  pjrt_hlo_put_shape(p, pjrt_hlo_bytes(p, of->message, INSTRUCTION_SHAPE),
                     true);
  pjrt_hlo_put(p, " ");
  put_opcode(p, of, wrapped);
  pjrt_hlo_put(p, "(");
  put_operands(p, of);
  pjrt_hlo_put(p, ")");
  put_attributes(p, of, wrapped);
  put_origin(p, pjrt_hlo_bytes(p, of->message, INSTRUCTION_ORIGINAL_VALUE));
  const hlo_bytes metadata =
      pjrt_hlo_bytes(p, of->message, INSTRUCTION_METADATA);
  if (p->opts.print_metadata && pjrt_hlo_has_metadata(p, metadata)) {
    pjrt_hlo_put(p, ", metadata={");
    pjrt_hlo_put_metadata(p, metadata);
    pjrt_hlo_put(p, "}");
  }
  put_backend_config(p, of);
  p->instruction = NULL;
}
