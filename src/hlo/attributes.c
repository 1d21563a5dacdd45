/* What an instruction says after its operands: which attributes an opcode has,
 * in XLA's order, and where they lie in the message. */
#include <string.h>

#include "hlo/hlo.h"

typedef enum attribute {
  END = 0,
  DOT_ALGORITHM,
  ALIASING,
  API_VERSION,
  ASYNC_EXECUTION_THREAD,
  BATCH_GROUP_COUNT,
  CHANNEL_ID,
  CHOLESKY_LOWER,
  COLLAPSED_SLICE_DIMS,
  COMPARISON_TYPE,
  CONSTRAIN_LAYOUT,
  CONVOLUTION_KIND,
  CROSS_PROGRAM_PREFETCH_INDEX,
  CUSTOM_CALL_TARGET,
  DELTA,
  DIMENSIONS,
  DIM_LABELS,
  DIRECTION,
  DISTRIBUTION,
  DOMAIN,
  DYNAMIC_SLICE_SIZES,
  EPSILON,
  EXPONENT_BITS,
  FEATURE_GROUP_COUNT,
  FEATURE_INDEX,
  FFT_LENGTH,
  FFT_TYPE,
  GATHER_BATCHING_DIMS,
  GATHER_INDICES_BATCHING_DIMS,
  GATHER_INDEX_VECTOR_DIM,
  HAS_SIDE_EFFECT,
  INDEX,
  INDICES_ARE_SORTED,
  INFEED_CONFIG,
  INFERRED_DIMENSION,
  INSERTED_WINDOW_DIMS,
  IOTA_DIMENSION,
  IS_ASSOCIATIVE,
  IS_HOST_TRANSFER,
  IS_REVERSE,
  IS_STABLE,
  K,
  KIND,
  LARGEST,
  LEFT_SIDE,
  LHS_BATCH_DIMS,
  LHS_CONTRACTING_DIMS,
  LITERAL,
  LOWER,
  MANTISSA_BITS,
  NUM_CARRIES,
  OFFSET_DIMS,
  OPERAND_LAYOUTS,
  OUTFEED_CONFIG,
  OUTFEED_SHAPE,
  PADDING,
  PADDING_TYPE,
  PARAMETER_REPLICATION,
  PRECISION,
  RAGGED_LHS_BATCH_DIMS,
  RAGGED_LHS_CONTRACTING_DIMS,
  RAGGED_LHS_RAGGED_DIMS,
  RAGGED_RHS_BATCH_DIMS,
  RAGGED_RHS_CONTRACTING_DIMS,
  RAGGED_RHS_GROUP_DIMS,
  REPLICA_GROUPS,
  RHS_BATCH_DIMS,
  RHS_CONTRACTING_DIMS,
  RNG_ALGORITHM,
  SCATTER_BATCHING_DIMS,
  SCATTER_DIMS_TO_OPERAND_DIMS,
  SCATTER_INDEX_VECTOR_DIM,
  SCATTER_INDICES_BATCHING_DIMS,
  SCHEDULE,
  SLICE,
  SLICE_SIZES,
  SOURCE_TARGET_PAIRS,
  SPARSITY,
  SPLIT_DIMENSION,
  START_INDEX_MAP,
  TRANSPOSE_A,
  UNIQUE_INDICES,
  UNIT_DIAGONAL,
  UPDATE_WINDOW_DIMS,
  USE_GLOBAL_DEVICE_IDS,
  WINDOW
} attribute;

/* ---- which opcode has what ----------------------------------------------- */

typedef struct opcode_row {
  char opcode[28];
  unsigned char attributes[14]; /* the last one END */
} opcode_row;

/* clang-format off */
static const opcode_row opcodes[] = {
  {"all-gather", {CHANNEL_ID, REPLICA_GROUPS, CONSTRAIN_LAYOUT, DIMENSIONS,
    USE_GLOBAL_DEVICE_IDS}},
  {"all-gather-start", {CHANNEL_ID, REPLICA_GROUPS, CONSTRAIN_LAYOUT,
    DIMENSIONS, USE_GLOBAL_DEVICE_IDS}},
  {"all-reduce", {CHANNEL_ID, REPLICA_GROUPS, CONSTRAIN_LAYOUT,
    USE_GLOBAL_DEVICE_IDS}},
  {"all-reduce-start", {CHANNEL_ID, REPLICA_GROUPS, CONSTRAIN_LAYOUT,
    USE_GLOBAL_DEVICE_IDS}},
  {"all-to-all", {CHANNEL_ID, REPLICA_GROUPS, CONSTRAIN_LAYOUT,
    SPLIT_DIMENSION}},
  {"async-start", {ASYNC_EXECUTION_THREAD}},
  {"batch-norm-grad", {EPSILON, FEATURE_INDEX}},
  {"batch-norm-inference", {EPSILON, FEATURE_INDEX}},
  {"batch-norm-training", {EPSILON, FEATURE_INDEX}},
  {"broadcast", {DIMENSIONS}},
  {"cholesky", {CHOLESKY_LOWER}},
  {"collective-broadcast", {CHANNEL_ID, REPLICA_GROUPS, CONSTRAIN_LAYOUT}},
  {"collective-permute", {CHANNEL_ID, SOURCE_TARGET_PAIRS}},
  {"collective-permute-start", {CHANNEL_ID, SOURCE_TARGET_PAIRS}},
  {"compare", {DIRECTION, COMPARISON_TYPE}},
  {"concatenate", {DIMENSIONS}},
  {"convolution", {WINDOW, DIM_LABELS, FEATURE_GROUP_COUNT, BATCH_GROUP_COUNT,
    CONVOLUTION_KIND, PRECISION, DOT_ALGORITHM, SPARSITY}},
  {"copy-start", {CROSS_PROGRAM_PREFETCH_INDEX}},
  {"custom-call", {WINDOW, DIM_LABELS, FEATURE_GROUP_COUNT, BATCH_GROUP_COUNT,
    PRECISION, PADDING_TYPE, CUSTOM_CALL_TARGET, OPERAND_LAYOUTS,
    HAS_SIDE_EFFECT, LITERAL, ALIASING, SCHEDULE, API_VERSION}},
  {"domain", {DOMAIN}},
  {"dot", {LHS_BATCH_DIMS, LHS_CONTRACTING_DIMS, RHS_BATCH_DIMS,
    RHS_CONTRACTING_DIMS, PRECISION, DOT_ALGORITHM}},
  {"dynamic-slice", {DYNAMIC_SLICE_SIZES}},
  {"fft", {FFT_TYPE, FFT_LENGTH}},
  {"fusion", {KIND, ALIASING}},
  {"gather", {OFFSET_DIMS, COLLAPSED_SLICE_DIMS, START_INDEX_MAP,
    GATHER_BATCHING_DIMS, GATHER_INDICES_BATCHING_DIMS, GATHER_INDEX_VECTOR_DIM,
    SLICE_SIZES, INDICES_ARE_SORTED}},
  {"get-dimension-size", {DIMENSIONS}},
  {"get-tuple-element", {INDEX}},
  {"infeed", {INFEED_CONFIG}},
  {"iota", {IOTA_DIMENSION}},
  {"map", {DIMENSIONS}},
  {"outfeed", {OUTFEED_SHAPE, OUTFEED_CONFIG}},
  {"pad", {PADDING}},
  {"parameter", {PARAMETER_REPLICATION}},
  {"ragged-all-to-all", {CHANNEL_ID, REPLICA_GROUPS, CONSTRAIN_LAYOUT}},
  {"ragged-dot", {RAGGED_LHS_BATCH_DIMS, RAGGED_LHS_CONTRACTING_DIMS,
    RAGGED_RHS_BATCH_DIMS, RAGGED_RHS_CONTRACTING_DIMS, RAGGED_LHS_RAGGED_DIMS,
    RAGGED_RHS_GROUP_DIMS, PRECISION, DOT_ALGORITHM}},
  {"recv", {CHANNEL_ID, IS_HOST_TRANSFER}},
  {"recv-done", {CHANNEL_ID, IS_HOST_TRANSFER}},
  {"reduce", {DIMENSIONS}},
  {"reduce-precision", {EXPONENT_BITS, MANTISSA_BITS}},
  {"reduce-scatter", {CHANNEL_ID, REPLICA_GROUPS, CONSTRAIN_LAYOUT,
    USE_GLOBAL_DEVICE_IDS, DIMENSIONS}},
  {"reduce-window", {WINDOW}},
  {"reshape", {INFERRED_DIMENSION}},
  {"reverse", {DIMENSIONS}},
  {"rng", {DISTRIBUTION}},
  {"rng-bit-generator", {RNG_ALGORITHM}},
  {"rng-get-and-update-state", {DELTA}},
  {"scaled-dot", {LHS_BATCH_DIMS, LHS_CONTRACTING_DIMS, RHS_BATCH_DIMS,
    RHS_CONTRACTING_DIMS, PRECISION, DOT_ALGORITHM}},
  {"scan", {DIMENSIONS, NUM_CARRIES, IS_REVERSE, IS_ASSOCIATIVE}},
  {"scatter", {UPDATE_WINDOW_DIMS, INSERTED_WINDOW_DIMS,
    SCATTER_DIMS_TO_OPERAND_DIMS, SCATTER_BATCHING_DIMS,
    SCATTER_INDICES_BATCHING_DIMS, SCATTER_INDEX_VECTOR_DIM, INDICES_ARE_SORTED,
    UNIQUE_INDICES}},
  {"select-and-scatter", {WINDOW}},
  {"send", {CHANNEL_ID, IS_HOST_TRANSFER}},
  {"send-done", {CHANNEL_ID, IS_HOST_TRANSFER}},
  {"set-dimension-size", {DIMENSIONS}},
  {"slice", {SLICE}},
  {"sort", {DIMENSIONS, IS_STABLE}},
  {"topk", {K, LARGEST}},
  {"transpose", {DIMENSIONS}},
  {"triangular-solve", {LEFT_SIDE, LOWER, UNIT_DIAGONAL, TRANSPOSE_A}},
};
/* clang-format on */

/* Those that say nothing of this kind: between blanks, for looking up. */
static const char plain_opcodes[] =
    " abs acos acosh add add-dependency after-all all-gather-done "
    "all-reduce-done and asin asinh async-done async-update atan2 atanh "
    "bitcast "
    "bitcast-convert call cbrt ceil clamp collective-permute-done complex "
    "conditional constant convert copy copy-done cosh cosine "
    "count-leading-zeros divide dynamic-reshape dynamic-update-slice erf "
    "exponential exponential-minus-one floor imag is-finite log log-plus-one "
    "logistic maximum minimum mulhi multiply negate not opt-barrier or "
    "partition-id popcnt power real remainder replica-id round-nearest-afz "
    "round-nearest-even rsqrt select shift-left shift-right-arithmetic "
    "shift-right-logical sign sine sinh sqrt stochastic-convert subtract tan "
    "tanh tuple while xor ";

static bool is_plain_opcode(hlo_bytes opcode) {
  char wanted[32] = " ";
  if (opcode.size == 0 || opcode.size > sizeof wanted - 3) return false;
  memcpy(wanted + 1, opcode.data, opcode.size);
  wanted[opcode.size + 1] = ' ';
  return !memchr(opcode.data, ' ', opcode.size) &&
         strstr(plain_opcodes, wanted) != NULL;
}

static const opcode_row *find_opcode(hlo_bytes opcode) {
  for (size_t i = 0; i < sizeof opcodes / sizeof *opcodes; i++) {
    if (pjrt_text_equal(opcode.data, opcode.size, opcodes[i].opcode)) {
      return &opcodes[i];
    }
  }
  return NULL;
}

/* ---- attributes of one field --------------------------------------------- */

typedef enum attribute_form {
  FORM_NONE = 0, /* one of several fields, printed by a function */
  FORM_INT,
  FORM_INT_ABOVE_0, /* else not said */
  FORM_INT_ABOVE_1,
  FORM_TRUE, /* not said when false */
  FORM_BOOL,
  FORM_INTS,
  FORM_INTS_IF_ANY,
  FORM_FIRST_INT, /* of a list; not said when it is empty */
  FORM_TEXT,
  FORM_QUOTED,
  FORM_QUOTED_IF_ANY,
  FORM_FLOAT,
  FORM_ENUM,
  FORM_ENUM_IF_SET
} attribute_form;

typedef struct field_row {
  char name[29];
  unsigned char form;
  unsigned char path[3]; /* fields down to it; 0 after the last one */
  const char *values;    /* of an enum, between blanks */
} field_row;

/* clang-format off */
static const field_row fields[] = {
  [API_VERSION] = {"api_version", FORM_ENUM_IF_SET, {77},
    "API_VERSION_UNSPECIFIED  API_VERSION_STATUS_RETURNING "
    "API_VERSION_STATUS_RETURNING_UNIFIED API_VERSION_TYPED_FFI"},
  [BATCH_GROUP_COUNT] = {"batch_group_count", FORM_INT_ABOVE_1, {58}, NULL},
  [CHANNEL_ID] = {"channel_id", FORM_INT_ABOVE_0, {26}, NULL},
  [CHOLESKY_LOWER] = {"lower", FORM_TRUE, {62, 1}, NULL},
  [COLLAPSED_SLICE_DIMS] = {"collapsed_slice_dims", FORM_INTS, {33, 2}, NULL},
  [CONSTRAIN_LAYOUT] = {"constrain_layout", FORM_TRUE, {56}, NULL},
  [CONVOLUTION_KIND] = {"convolution_kind", FORM_ENUM_IF_SET, {97},
    " fprop dgrad wgrad"},
  [CUSTOM_CALL_TARGET] = {"custom_call_target", FORM_QUOTED, {28}, NULL},
  [DELTA] = {"delta", FORM_INT, {66}, NULL},
  [DIMENSIONS] = {"dimensions", FORM_INTS, {14}, NULL},
  [DIRECTION] = {"direction", FORM_TEXT, {63}, NULL},
  [DISTRIBUTION] = {"distribution", FORM_ENUM, {23},
    "rng_invalid rng_uniform rng_normal"},
  [DYNAMIC_SLICE_SIZES] = {"dynamic_slice_sizes", FORM_INTS, {20}, NULL},
  [EPSILON] = {"epsilon", FORM_FLOAT, {24}, NULL},
  [EXPONENT_BITS] = {"exponent_bits", FORM_INT, {18}, NULL},
  [FEATURE_GROUP_COUNT] = {"feature_group_count", FORM_INT_ABOVE_1, {50}, NULL},
  [FEATURE_INDEX] = {"feature_index", FORM_INT, {25}, NULL},
  [FFT_LENGTH] = {"fft_length", FORM_INTS, {32}, NULL},
  [FFT_TYPE] = {"fft_type", FORM_ENUM, {31}, "FFT IFFT RFFT IRFFT"},
  [GATHER_BATCHING_DIMS] =
    {"operand_batching_dims", FORM_INTS_IF_ANY, {33, 5}, NULL},
  [GATHER_INDICES_BATCHING_DIMS] =
    {"start_indices_batching_dims", FORM_INTS_IF_ANY, {33, 6}, NULL},
  [GATHER_INDEX_VECTOR_DIM] = {"index_vector_dim", FORM_INT, {33, 4}, NULL},
  [HAS_SIDE_EFFECT] = {"custom_call_has_side_effect", FORM_TRUE, {65}, NULL},
  [INDEX] = {"index", FORM_INT, {13}, NULL},
  [INDICES_ARE_SORTED] = {"indices_are_sorted", FORM_TRUE, {67}, NULL},
  [INFEED_CONFIG] = {"infeed_config", FORM_QUOTED_IF_ANY, {27}, NULL},
  [INFERRED_DIMENSION] = {"inferred_dimension", FORM_FIRST_INT, {14}, NULL},
  [INSERTED_WINDOW_DIMS] = {"inserted_window_dims", FORM_INTS, {48, 2}, NULL},
  [IOTA_DIMENSION] = {"iota_dimension", FORM_FIRST_INT, {14}, NULL},
  [IS_ASSOCIATIVE] = {"is_associative", FORM_ENUM_IF_SET, {96}, " true false"},
  [IS_REVERSE] = {"is_reverse", FORM_TRUE, {94}, NULL},
  [NUM_CARRIES] = {"num_carries", FORM_INT, {95}, NULL},
  [IS_HOST_TRANSFER] = {"is_host_transfer", FORM_TRUE, {47}, NULL},
  [IS_STABLE] = {"is_stable", FORM_TRUE, {60}, NULL},
  [K] = {"k", FORM_INT, {81}, NULL},
  [KIND] = {"kind", FORM_TEXT, {11}, NULL},
  [LARGEST] = {"largest", FORM_BOOL, {85}, NULL},
  [LEFT_SIDE] = {"left_side", FORM_TRUE, {59, 1}, NULL},
  [LHS_BATCH_DIMS] = {"lhs_batch_dims", FORM_INTS_IF_ANY, {30, 3}, NULL},
  [LHS_CONTRACTING_DIMS] = {"lhs_contracting_dims", FORM_INTS, {30, 1}, NULL},
  [LOWER] = {"lower", FORM_TRUE, {59, 2}, NULL},
  [MANTISSA_BITS] = {"mantissa_bits", FORM_INT, {19}, NULL},
  [OFFSET_DIMS] = {"offset_dims", FORM_INTS, {33, 1}, NULL},
  [OUTFEED_CONFIG] = {"outfeed_config", FORM_QUOTED_IF_ANY, {22}, NULL},
  [PADDING_TYPE] = {"padding_type", FORM_ENUM_IF_SET, {75},
    " PADDING_VALID PADDING_SAME"},
  [RAGGED_LHS_BATCH_DIMS] =
    {"lhs_batch_dims", FORM_INTS_IF_ANY, {90, 1, 3}, NULL},
  [RAGGED_LHS_CONTRACTING_DIMS] =
    {"lhs_contracting_dims", FORM_INTS, {90, 1, 1}, NULL},
  [RAGGED_LHS_RAGGED_DIMS] = {"lhs_ragged_dims", FORM_INTS, {90, 2}, NULL},
  [RAGGED_RHS_BATCH_DIMS] =
    {"rhs_batch_dims", FORM_INTS_IF_ANY, {90, 1, 4}, NULL},
  [RAGGED_RHS_CONTRACTING_DIMS] =
    {"rhs_contracting_dims", FORM_INTS, {90, 1, 2}, NULL},
  [RAGGED_RHS_GROUP_DIMS] =
    {"rhs_group_dims", FORM_INTS_IF_ANY, {90, 3}, NULL},
  [RHS_BATCH_DIMS] = {"rhs_batch_dims", FORM_INTS_IF_ANY, {30, 4}, NULL},
  [RHS_CONTRACTING_DIMS] = {"rhs_contracting_dims", FORM_INTS, {30, 2}, NULL},
  [RNG_ALGORITHM] = {"algorithm", FORM_ENUM, {70},
    "rng_default rng_three_fry rng_philox"},
  [SCATTER_BATCHING_DIMS] =
    {"input_batching_dims", FORM_INTS_IF_ANY, {48, 5}, NULL},
  [SCATTER_DIMS_TO_OPERAND_DIMS] =
    {"scatter_dims_to_operand_dims", FORM_INTS, {48, 3}, NULL},
  [SCATTER_INDEX_VECTOR_DIM] = {"index_vector_dim", FORM_INT, {48, 4}, NULL},
  [SCATTER_INDICES_BATCHING_DIMS] =
    {"scatter_indices_batching_dims", FORM_INTS_IF_ANY, {48, 6}, NULL},
  [SCHEDULE] = {"schedule", FORM_ENUM_IF_SET, {76},
    " SCHEDULE_LATEST SCHEDULE_EARLIEST"},
  [SLICE_SIZES] = {"slice_sizes", FORM_INTS, {34}, NULL},
  [SPLIT_DIMENSION] = {"dimensions", FORM_INTS_IF_ANY, {14}, NULL},
  [START_INDEX_MAP] = {"start_index_map", FORM_INTS, {33, 3}, NULL},
  [TRANSPOSE_A] = {"transpose_a", FORM_ENUM_IF_SET, {59, 4},
    " NO_TRANSPOSE TRANSPOSE ADJOINT"},
  [UNIQUE_INDICES] = {"unique_indices", FORM_TRUE, {69}, NULL},
  [UNIT_DIAGONAL] = {"unit_diagonal", FORM_TRUE, {59, 3}, NULL},
  [UPDATE_WINDOW_DIMS] = {"update_window_dims", FORM_INTS, {48, 1}, NULL},
  [USE_GLOBAL_DEVICE_IDS] = {"use_global_device_ids", FORM_TRUE, {71}, NULL},
};
/* clang-format on */

static void put_name(hlo_printer *p, const char *name) {
  pjrt_hlo_put(p, ", ");
  pjrt_hlo_put(p, name);
  pjrt_hlo_put(p, "=");
}

/* The i-th of the names between blanks; size 0 without one. */
static hlo_bytes enum_name(const char *names, uint64_t i) {
  const char *at = names;
  if (!at) return (hlo_bytes){0};
  for (; i > 0; i--) {
    at += strcspn(at, " ");
    if (!*at) return (hlo_bytes){0};
    at++;
  }
  return (hlo_bytes){at, strcspn(at, " ")};
}

static void put_enum(hlo_printer *p, const char *name, const char *names,
                     uint64_t value) {
  const hlo_bytes text = enum_name(names, value);
  put_name(p, name);
  if (text.size) {
    pjrt_hlo_put_bytes(p, text);
  } else {
    pjrt_hlo_put_int(p, (int64_t)value);
    pjrt_hlo_note(p, HLO_UNKNOWN_ENUM_VALUE, value, p->instruction->name);
  }
}

static void put_list(hlo_printer *p, const char *name, hlo_bytes message,
                     uint32_t number) {
  put_name(p, name);
  pjrt_hlo_put(p, "{");
  pjrt_hlo_put_ints(p, message, number, ",");
  pjrt_hlo_put(p, "}");
}

static void put_number(hlo_printer *p, const field_row *row, int64_t value) {
  const bool is_flag = row->form == FORM_TRUE || row->form == FORM_BOOL;
  put_name(p, row->name);
  if (is_flag) {
    pjrt_hlo_put(p, value ? "true" : "false");
  } else {
    pjrt_hlo_put_int(p, value);
  }
}

static void put_scalar(hlo_printer *p, const field_row *row, int64_t value) {
  const bool is_unset =
      row->values && !enum_name(row->values, (uint64_t)value).size;
  switch (row->form) {
    case FORM_INT_ABOVE_0:
    case FORM_TRUE:
      if (value > 0) put_number(p, row, value);
      return;
    case FORM_INT_ABOVE_1:
      if (value > 1) put_number(p, row, value);
      return;
    case FORM_ENUM_IF_SET:
      if (is_unset && value >= 0 && value < 2) return;
      /* fall through */
    case FORM_ENUM:
      put_enum(p, row->name, row->values, (uint64_t)value);
      return;
    default:
      put_number(p, row, value);
  }
}

static void put_text(hlo_printer *p, const field_row *row, hlo_bytes text) {
  if (row->form == FORM_QUOTED_IF_ANY && text.size == 0) return;
  put_name(p, row->name);
  if (row->form == FORM_TEXT) {
    pjrt_hlo_put_bytes(p, text);
  } else {
    pjrt_hlo_put_quoted(p, text);
  }
}

static void put_field(hlo_printer *p, const field_row *row, hlo_bytes message) {
  const unsigned char *number = row->path;
  int64_t first;
  while (number + 1 < row->path + sizeof row->path && number[1]) {
    message = pjrt_hlo_bytes(p, message, *number++);
  }
  hlo_list list = pjrt_hlo_list(p, message, *number);
  switch (row->form) {
    case FORM_INTS_IF_ANY:
      if (pjrt_hlo_is_empty(p, message, *number)) return;
      /* fall through */
    case FORM_INTS:
      put_list(p, row->name, message, *number);
      return;
    case FORM_FIRST_INT:
      if (pjrt_hlo_next_int(&list, &first)) put_number(p, row, first);
      return;
    case FORM_TEXT:
    case FORM_QUOTED:
    case FORM_QUOTED_IF_ANY:
      put_text(p, row, pjrt_hlo_bytes(p, message, *number));
      return;
    case FORM_FLOAT:
      put_name(p, row->name);
      pjrt_hlo_put_double(p, (double)pjrt_hlo_float(p, message, *number), 6);
      return;
    default:
      put_scalar(p, row, pjrt_hlo_int(p, message, *number));
  }
}

/* ---- attributes of their own form ---------------------------------------- */

enum {
  INSTRUCTION_LITERAL = 8,
  INSTRUCTION_WINDOW = 15,
  INSTRUCTION_CONVOLUTION_DIMENSION_NUMBERS = 16,
  INSTRUCTION_SLICE_DIMENSIONS = 17,
  INSTRUCTION_PADDING_CONFIG = 21,
  INSTRUCTION_OUTFEED_SHAPE = 29,
  INSTRUCTION_PRECISION_CONFIG = 51,
  INSTRUCTION_SOURCE_TARGET_PAIRS = 52,
  INSTRUCTION_DOMAIN_ENTRY_SHARDING = 54,
  INSTRUCTION_DOMAIN_EXIT_SHARDING = 55,
  INSTRUCTION_CONSTRAIN_LAYOUT = 56,
  INSTRUCTION_OPERAND_SHAPES_WITH_LAYOUT = 57,
  INSTRUCTION_PARAMETER_REPLICATION = 61,
  INSTRUCTION_COMPARISON_TYPE = 72,
  INSTRUCTION_OUTPUT_OPERAND_ALIASING = 74,
  INSTRUCTION_ASYNC_EXECUTION_THREAD = 79,
  INSTRUCTION_CROSS_PROGRAM_PREFETCH_INDEX = 80,
  INSTRUCTION_SPARSITY_CONFIG = 98
};

static void put_comparison_type(hlo_printer *p, const hlo_instruction *of) {
  const hlo_bytes type =
      pjrt_hlo_bytes(p, of->message, INSTRUCTION_COMPARISON_TYPE);
  const hlo_instruction *operand = pjrt_hlo_operand(p, of, 0);
  if (type.size == 0 || !operand) return;
  const pjrt_dtype dtype = pjrt_hlo_dtype(pjrt_hlo_shape_type(p, operand));
  const pjrt_dtype_class kind = pjrt_dtype_class_of(dtype);
  const char *usual = kind == PJRT_CLASS_SIGNED ? "SIGNED"
                      : kind == PJRT_CLASS_UNSIGNED || kind == PJRT_CLASS_BOOL
                          ? "UNSIGNED"
                          : "FLOAT";
  if (pjrt_text_equal(type.data, type.size, usual)) return;
  put_name(p, "type");
  pjrt_hlo_put_bytes(p, type);
}

static void put_slice(hlo_printer *p, hlo_bytes message) {
  enum { START = 1, LIMIT = 2, STRIDE = 3 };
  hlo_bytes dim;
  bool has_strides = false;
  const char *before = "";
  hlo_list dims = pjrt_hlo_list(p, message, INSTRUCTION_SLICE_DIMENSIONS);
  while (pjrt_hlo_next_bytes(&dims, &dim)) {
    has_strides |= pjrt_hlo_int(p, dim, STRIDE) != 1;
  }
  dims = pjrt_hlo_list(p, message, INSTRUCTION_SLICE_DIMENSIONS);
  put_name(p, "slice");
  pjrt_hlo_put(p, "{");
  while (pjrt_hlo_next_bytes(&dims, &dim)) {
    pjrt_hlo_putf(p, "%s[%lld:%lld", before,
                  (long long)pjrt_hlo_int(p, dim, START),
                  (long long)pjrt_hlo_int(p, dim, LIMIT));
    if (has_strides) {
      pjrt_hlo_putf(p, ":%lld", (long long)pjrt_hlo_int(p, dim, STRIDE));
    }
    pjrt_hlo_put(p, "]");
    before = ", ";
  }
  pjrt_hlo_put(p, "}");
}

static void put_padding(hlo_printer *p, hlo_bytes message) {
  enum { DIMENSIONS_OF_PADDING = 1, LOW = 1, HIGH = 2, INTERIOR = 3 };
  hlo_bytes dim;
  bool has_interior = false;
  const char *before = "";
  const hlo_bytes padding =
      pjrt_hlo_bytes(p, message, INSTRUCTION_PADDING_CONFIG);
  hlo_list dims = pjrt_hlo_list(p, padding, DIMENSIONS_OF_PADDING);
  while (pjrt_hlo_next_bytes(&dims, &dim)) {
    has_interior |= pjrt_hlo_int(p, dim, INTERIOR) != 0;
  }
  dims = pjrt_hlo_list(p, padding, DIMENSIONS_OF_PADDING);
  put_name(p, "padding");
  while (pjrt_hlo_next_bytes(&dims, &dim)) {
    pjrt_hlo_putf(p, "%s%lld_%lld", before,
                  (long long)pjrt_hlo_int(p, dim, LOW),
                  (long long)pjrt_hlo_int(p, dim, HIGH));
    if (has_interior) {
      pjrt_hlo_putf(p, "_%lld", (long long)pjrt_hlo_int(p, dim, INTERIOR));
    }
    before = "x";
  }
}

/* "{0,1}: (2, {3}, ...". */
static void put_index(hlo_printer *p, hlo_bytes message, uint32_t number) {
  pjrt_hlo_put(p, "{");
  pjrt_hlo_put_ints(p, message, number, ",");
  pjrt_hlo_put(p, "}");
}

static void put_aliasing(hlo_printer *p, hlo_bytes message) {
  enum { OUTPUT_SHAPE_INDEX = 1, OPERAND_INDEX = 2, OPERAND_SHAPE_INDEX = 3 };
  hlo_bytes alias;
  const char *before = "";
  hlo_list list =
      pjrt_hlo_list(p, message, INSTRUCTION_OUTPUT_OPERAND_ALIASING);
  if (!pjrt_hlo_bytes(p, message, INSTRUCTION_OUTPUT_OPERAND_ALIASING).data) {
    return;
  }
  put_name(p, "output_to_operand_aliasing");
  pjrt_hlo_put(p, "{");
  while (pjrt_hlo_next_bytes(&list, &alias)) {
    pjrt_hlo_put(p, before);
    put_index(p, alias, OUTPUT_SHAPE_INDEX);
    pjrt_hlo_putf(p, ": (%lld, ",
                  (long long)pjrt_hlo_int(p, alias, OPERAND_INDEX));
    put_index(p, alias, OPERAND_SHAPE_INDEX);
    pjrt_hlo_put(p, ")");
    before = ", ";
  }
  pjrt_hlo_put(p, "}");
}

static void put_literal(hlo_printer *p, hlo_bytes message) {
  const hlo_bytes literal = pjrt_hlo_bytes(p, message, INSTRUCTION_LITERAL);
  if (!literal.data) return;
  put_name(p, "literal");
  pjrt_hlo_put_literal(p, literal);
}

static void put_outfeed_shape(hlo_printer *p, hlo_bytes message) {
  put_name(p, "outfeed_shape");
  pjrt_hlo_put_shape(p, pjrt_hlo_bytes(p, message, INSTRUCTION_OUTFEED_SHAPE),
                     true);
}

static void put_operand_layouts(hlo_printer *p, hlo_bytes message) {
  hlo_bytes shape;
  const char *before = "";
  hlo_list shapes =
      pjrt_hlo_list(p, message, INSTRUCTION_OPERAND_SHAPES_WITH_LAYOUT);
  if (!pjrt_hlo_bool(p, message, INSTRUCTION_CONSTRAIN_LAYOUT)) return;
  put_name(p, "operand_layout_constraints");
  pjrt_hlo_put(p, "{");
  while (pjrt_hlo_next_bytes(&shapes, &shape)) {
    pjrt_hlo_put(p, before);
    pjrt_hlo_put_shape(p, shape, true);
    before = ", ";
  }
  pjrt_hlo_put(p, "}");
}

static void put_domain(hlo_printer *p, hlo_bytes message) {
  /* The message and the text mean opposite sides. */
  const hlo_bytes entry =
      pjrt_hlo_bytes(p, message, INSTRUCTION_DOMAIN_EXIT_SHARDING);
  const hlo_bytes leave =
      pjrt_hlo_bytes(p, message, INSTRUCTION_DOMAIN_ENTRY_SHARDING);
  pjrt_hlo_put(p, ", domain={kind=\"sharding\", entry=");
  if (entry.data) pjrt_hlo_put_sharding(p, entry);
  pjrt_hlo_put(p, entry.data ? ", exit=" : "{}, exit=");
  if (leave.data) pjrt_hlo_put_sharding(p, leave);
  pjrt_hlo_put(p, leave.data ? "}" : "{}}");
}

static void put_source_target_pairs(hlo_printer *p, hlo_bytes message) {
  enum { SOURCE = 1, TARGET = 2 };
  hlo_bytes pair;
  const char *before = "";
  hlo_list pairs = pjrt_hlo_list(p, message, INSTRUCTION_SOURCE_TARGET_PAIRS);
  put_name(p, "source_target_pairs");
  pjrt_hlo_put(p, "{");
  while (pjrt_hlo_next_bytes(&pairs, &pair)) {
    pjrt_hlo_putf(p, "%s{%lld,%lld}", before,
                  (long long)pjrt_hlo_int(p, pair, SOURCE),
                  (long long)pjrt_hlo_int(p, pair, TARGET));
    before = ",";
  }
  pjrt_hlo_put(p, "}");
}

static void put_parameter_replication(hlo_printer *p, hlo_bytes message) {
  enum { REPLICATED_AT_LEAF_BUFFERS = 1 };
  int64_t is_replicated;
  const char *before = "";
  const hlo_bytes replication =
      pjrt_hlo_bytes(p, message, INSTRUCTION_PARAMETER_REPLICATION);
  hlo_list leaves = pjrt_hlo_list(p, replication, REPLICATED_AT_LEAF_BUFFERS);
  if (pjrt_hlo_is_empty(p, replication, REPLICATED_AT_LEAF_BUFFERS)) return;
  put_name(p, "parameter_replication");
  pjrt_hlo_put(p, "{");
  while (pjrt_hlo_next_int(&leaves, &is_replicated)) {
    pjrt_hlo_put(p, before);
    pjrt_hlo_put(p, is_replicated ? "true" : "false");
    before = ",";
  }
  pjrt_hlo_put(p, "}");
}

static void put_precision(hlo_printer *p, hlo_bytes message) {
  enum { OPERAND_PRECISION = 1 };
  static const char names[] = "default high highest";
  int64_t precision;
  bool is_default = true;
  const char *before = "";
  const hlo_bytes config =
      pjrt_hlo_bytes(p, message, INSTRUCTION_PRECISION_CONFIG);
  hlo_list list = pjrt_hlo_list(p, config, OPERAND_PRECISION);
  while (pjrt_hlo_next_int(&list, &precision)) is_default &= precision == 0;
  if (is_default) return;
  list = pjrt_hlo_list(p, config, OPERAND_PRECISION);
  put_name(p, "operand_precision");
  pjrt_hlo_put(p, "{");
  while (pjrt_hlo_next_int(&list, &precision)) {
    const hlo_bytes name = enum_name(names, (uint64_t)precision);
    pjrt_hlo_put(p, before);
    before = ",";
    if (name.size) {
      pjrt_hlo_put_bytes(p, name);
    } else {
      pjrt_hlo_put_int(p, precision);
      pjrt_hlo_note(p, HLO_UNKNOWN_ENUM_VALUE, (uint64_t)precision,
                    p->instruction->name);
    }
  }
  pjrt_hlo_put(p, "}");
}

static void put_dot_algorithm(hlo_printer *p, hlo_bytes message) {
  enum { PRECISION_ALGORITHM = 2 };
  static const char names[] =
      " dot_any_f8_any_f8_f32 dot_any_f8_any_f8_f32_fast_accum dot_f16_f16_f16 "
      "dot_f16_f16_f32 dot_bf16_bf16_bf16 dot_bf16_bf16_f32 "
      "dot_bf16_bf16_f32_x3 dot_bf16_bf16_f32_x6 dot_tf32_tf32_f32 "
      "dot_tf32_tf32_f32_x3 dot_f32_f32_f32 dot_f64_f64_f64 "
      "dot_bf16_bf16_f32_x9";
  const hlo_bytes config =
      pjrt_hlo_bytes(p, message, INSTRUCTION_PRECISION_CONFIG);
  const uint64_t algorithm = pjrt_hlo_varint(p, config, PRECISION_ALGORITHM);
  if (algorithm) put_enum(p, "algorithm", names, algorithm);
}

static void put_tensor_sparsity(hlo_printer *p, const char *name,
                                hlo_bytes config) {
  enum { NUM_NON_ZERO = 1, BLOCK_SIZE = 2, DIMENSION = 3, STRIDE = 4 };
  pjrt_hlo_putf(p, "%s={sparsity=%lldx%lld dimension=%lld stride=%lld}", name,
                (long long)pjrt_hlo_int(p, config, NUM_NON_ZERO),
                (long long)pjrt_hlo_int(p, config, BLOCK_SIZE),
                (long long)pjrt_hlo_int(p, config, DIMENSION),
                (long long)pjrt_hlo_int(p, config, STRIDE));
}

static void put_sparsity(hlo_printer *p, hlo_bytes message) {
  enum { LHS = 1, RHS = 2 };
  const hlo_bytes config =
      pjrt_hlo_bytes(p, message, INSTRUCTION_SPARSITY_CONFIG);
  const hlo_bytes lhs = pjrt_hlo_bytes(p, config, LHS);
  const hlo_bytes rhs = pjrt_hlo_bytes(p, config, RHS);
  if (!lhs.data && !rhs.data) return;
  put_name(p, "sparsity_config");
  pjrt_hlo_put(p, "{");
  if (lhs.data) put_tensor_sparsity(p, "lhs", lhs);
  if (rhs.data) put_tensor_sparsity(p, lhs.data ? " rhs" : "rhs", rhs);
  pjrt_hlo_put(p, "}");
}

static void put_async_thread(hlo_printer *p, hlo_bytes message) {
  const hlo_bytes thread =
      pjrt_hlo_bytes(p, message, INSTRUCTION_ASYNC_EXECUTION_THREAD);
  if (thread.size == 0 || pjrt_text_equal(thread.data, thread.size, "main")) {
    return;
  }
  put_name(p, "async_execution_thread");
  pjrt_hlo_put(p, "\"");
  pjrt_hlo_put_bytes(p, thread);
  pjrt_hlo_put(p, "\"");
}

/* Said whenever it is there, also when it is 0. */
static void put_prefetch_index(hlo_printer *p, hlo_bytes message) {
  if (pjrt_hlo_is_empty(p, message, INSTRUCTION_CROSS_PROGRAM_PREFETCH_INDEX)) {
    return;
  }
  put_name(p, "cross_program_prefetch_index");
  pjrt_hlo_put_int(
      p, pjrt_hlo_int(p, message, INSTRUCTION_CROSS_PROGRAM_PREFETCH_INDEX));
}

/* ---- windows and the labels of dimensions -------------------------------- */

enum {
  WINDOW_DIMENSIONS = 1,
  WINDOW_SIZE = 1,
  WINDOW_STRIDE = 2,
  WINDOW_PADDING_LOW = 3,
  WINDOW_PADDING_HIGH = 4,
  WINDOW_WINDOW_DILATION = 5,
  WINDOW_BASE_DILATION = 6,
  WINDOW_WINDOW_REVERSAL = 7
};

/* One number of each dimension, unless all are what they mostly are. */
static void put_window_field(hlo_printer *p, hlo_bytes window, const char *name,
                             uint32_t number, int64_t usual) {
  hlo_bytes dim;
  bool is_usual = true;
  const char *before = name;
  hlo_list dims = pjrt_hlo_list(p, window, WINDOW_DIMENSIONS);
  while (pjrt_hlo_next_bytes(&dims, &dim)) {
    is_usual &= pjrt_hlo_int(p, dim, number) == usual;
  }
  if (is_usual) return;
  dims = pjrt_hlo_list(p, window, WINDOW_DIMENSIONS);
  while (pjrt_hlo_next_bytes(&dims, &dim)) {
    pjrt_hlo_put(p, before);
    pjrt_hlo_put_int(p, pjrt_hlo_int(p, dim, number));
    before = "x";
  }
}

static void put_window_padding(hlo_printer *p, hlo_bytes window) {
  hlo_bytes dim;
  bool is_padded = false;
  const char *before = " pad=";
  hlo_list dims = pjrt_hlo_list(p, window, WINDOW_DIMENSIONS);
  while (pjrt_hlo_next_bytes(&dims, &dim)) {
    is_padded |= pjrt_hlo_int(p, dim, WINDOW_PADDING_LOW) ||
                 pjrt_hlo_int(p, dim, WINDOW_PADDING_HIGH);
  }
  if (!is_padded) return;
  dims = pjrt_hlo_list(p, window, WINDOW_DIMENSIONS);
  while (pjrt_hlo_next_bytes(&dims, &dim)) {
    pjrt_hlo_putf(p, "%s%lld_%lld", before,
                  (long long)pjrt_hlo_int(p, dim, WINDOW_PADDING_LOW),
                  (long long)pjrt_hlo_int(p, dim, WINDOW_PADDING_HIGH));
    before = "x";
  }
}

static void put_window(hlo_printer *p, hlo_bytes message) {
  const hlo_bytes window = pjrt_hlo_bytes(p, message, INSTRUCTION_WINDOW);
  if (!pjrt_hlo_bytes(p, window, WINDOW_DIMENSIONS).data) return;
  pjrt_hlo_put(p, ", window={");
  put_window_field(p, window, "size=", WINDOW_SIZE, INT64_MIN);
  put_window_field(p, window, " stride=", WINDOW_STRIDE, 1);
  put_window_padding(p, window);
  put_window_field(p, window, " lhs_dilate=", WINDOW_BASE_DILATION, 1);
  put_window_field(p, window, " rhs_dilate=", WINDOW_WINDOW_DILATION, 1);
  put_window_field(p, window, " rhs_reversal=", WINDOW_WINDOW_REVERSAL, 0);
  pjrt_hlo_put(p, "}");
}

/* Three times the same: two letters and the numbers of the spatial dimensions,
 * each where its dimension is. */
typedef struct label_row {
  char letters[3];
  unsigned char fields[3]; /* of the letters, then of the spatial dimensions */
} label_row;

static void put_labels(hlo_printer *p, hlo_bytes numbers, label_row row) {
  enum { MAX_LABELS = 64 };
  int64_t at;
  char labels[MAX_LABELS + 1] = {0};
  size_t rank = 2;
  hlo_list spatial = pjrt_hlo_list(p, numbers, row.fields[2]);
  while (rank <= 12 && pjrt_hlo_next_int(&spatial, &at)) rank++;
  bool is_valid = rank <= 12;
  spatial = pjrt_hlo_list(p, numbers, row.fields[2]);
  for (size_t i = 0; i < rank && is_valid; i++) {
    if (i < 2) {
      at = pjrt_hlo_int(p, numbers, row.fields[i]);
    } else if (!pjrt_hlo_next_int(&spatial, &at)) {
      return;
    }
    is_valid = at >= 0 && (size_t)at < rank && !labels[at];
    if (is_valid) labels[at] = i < 2 ? row.letters[i] : (char)('0' + i - 2);
  }
  if (!is_valid) {
    pjrt_hlo_fail_here(p, "dimension numbers of a convolution that are none");
  }
  pjrt_hlo_put(p, labels);
}

static void put_dim_labels(hlo_printer *p, hlo_bytes message) {
  const hlo_bytes numbers =
      pjrt_hlo_bytes(p, message, INSTRUCTION_CONVOLUTION_DIMENSION_NUMBERS);
  if (!numbers.data) return;
  put_name(p, "dim_labels");
  put_labels(p, numbers, (label_row){"bf", {7, 8, 11}});
  pjrt_hlo_put(p, "_");
  put_labels(p, numbers, (label_row){"io", {3, 4, 6}});
  pjrt_hlo_put(p, "->");
  put_labels(p, numbers, (label_row){"bf", {9, 10, 12}});
}

/* ---- all of them --------------------------------------------------------- */

/* Those that are no single field. */
static void put_special(hlo_printer *p, attribute which,
                        const hlo_instruction *of) {
  const hlo_bytes message = of->message;
  switch (which) {
    case ALIASING:
      put_aliasing(p, message);
      return;
    case ASYNC_EXECUTION_THREAD:
      put_async_thread(p, message);
      return;
    case COMPARISON_TYPE:
      put_comparison_type(p, of);
      return;
    case CROSS_PROGRAM_PREFETCH_INDEX:
      put_prefetch_index(p, message);
      return;
    case DIM_LABELS:
      put_dim_labels(p, message);
      return;
    case DOMAIN:
      put_domain(p, message);
      return;
    case DOT_ALGORITHM:
      put_dot_algorithm(p, message);
      return;
    case LITERAL:
      put_literal(p, message);
      return;
    case OPERAND_LAYOUTS:
      put_operand_layouts(p, message);
      return;
    case OUTFEED_SHAPE:
      put_outfeed_shape(p, message);
      return;
    case PADDING:
      put_padding(p, message);
      return;
    case PARAMETER_REPLICATION:
      put_parameter_replication(p, message);
      return;
    case PRECISION:
      put_precision(p, message);
      return;
    case REPLICA_GROUPS:
      put_name(p, "replica_groups");
      pjrt_hlo_put_replica_groups(p, message);
      return;
    case SPARSITY:
      put_sparsity(p, message);
      return;
    case SLICE:
      put_slice(p, message);
      return;
    case SOURCE_TARGET_PAIRS:
      put_source_target_pairs(p, message);
      return;
    default:
      put_window(p, message);
  }
}

void pjrt_hlo_put_opcode_attributes(hlo_printer *p, const hlo_instruction *of) {
  const opcode_row *row = find_opcode(of->opcode);
  if (!row) {
    if (!is_plain_opcode(of->opcode)) {
      pjrt_hlo_note(p, HLO_UNKNOWN_OPCODE, 0, of->opcode);
    }
    return;
  }
  for (const unsigned char *next = row->attributes; *next; next++) {
    const field_row *field =
        *next < sizeof fields / sizeof *fields ? &fields[*next] : NULL;
    if (field && field->form != FORM_NONE) {
      put_field(p, field, of->message);
    } else {
      put_special(p, *next, of);
    }
  }
}
