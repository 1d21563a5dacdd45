/* Serialized HLO modules as text. Messages are read in place, a field at a
 * time: what is not printed is not looked at.
 *
 * A module comes from a plugin or a file. The printer remembers the first thing
 * that is wrong; from then on nothing is printed, and loops end by themselves.
 * A small module can ask for much: names that are used often, rows of an array
 * without elements. So the text and the steps of reading are both bounded by
 * the module's size. */
#ifndef PJRT_HLO_HLO_H_
#define PJRT_HLO_HLO_H_

#include "core/dtype.h"
#include "core/wire.h"
#include "pjrt/hlo.h"

/* A message, a text, or a packed list, in place. */
typedef struct hlo_bytes {
  const void *data; /* NULL: not there */
  size_t size;
} hlo_bytes;

typedef struct hlo_instruction {
  hlo_bytes message;
  hlo_bytes name;
  hlo_bytes opcode;
} hlo_instruction;

/* Which instruction, or computation, has an id. */
typedef struct hlo_id {
  uint64_t id;
  size_t index;
} hlo_id;

typedef struct hlo_computation {
  hlo_bytes message;
  hlo_bytes name;
  hlo_bytes sequence; /* its schedule */
  size_t first;       /* of its instructions */
  size_t num_instructions;
  size_t num_parameters;
  size_t root;
  bool is_async;   /* an async-start's */
  bool is_called;  /* by any instruction */
  bool is_ordered; /* it has its place in the text */
} hlo_computation;

enum { HLO_MAX_UNKNOWN = 16, HLO_MAX_DEPTH = 64, HLO_MAX_CHAIN = 64 };

typedef enum hlo_unknown_kind {
  HLO_UNKNOWN_MODULE_FIELD,
  HLO_UNKNOWN_COMPUTATION_FIELD,
  HLO_UNKNOWN_INSTRUCTION_FIELD,
  HLO_UNKNOWN_ELEMENT_TYPE,
  HLO_UNKNOWN_ENUM_VALUE,
  HLO_UNKNOWN_OPCODE
} hlo_unknown_kind;

/* Something newer than this library. */
typedef struct hlo_unknown {
  hlo_unknown_kind kind;
  uint64_t number;
  hlo_bytes name; /* of an opcode, or of the first instruction with it */
} hlo_unknown;

typedef struct hlo_printer {
  pjrt_builder out;
  size_t max_size;
  size_t num_steps; /* of reading */
  size_t max_steps;
  pjrt_error *error; /* the first one */
  pjrt_hlo_opts opts;

  hlo_bytes module;
  hlo_instruction *instructions; /* of all computations, one after the other */
  hlo_id *instruction_ids;       /* each computation's, by id */
  hlo_computation *computations;
  hlo_id *computation_ids; /* by id */
  size_t num_computations;
  size_t num_instructions;
  size_t *order; /* the computations as they stand in the text */
  bool is_scheduled;
  hlo_bytes *file_names; /* of the stack frames; counted from 1 */
  hlo_bytes *function_names;
  hlo_bytes *file_locations;
  hlo_bytes *stack_frames;
  size_t num_file_names;
  size_t num_function_names;
  size_t num_file_locations;
  size_t num_stack_frames;
  hlo_bytes *payloads; /* texts that are used more than once */
  size_t num_payloads;

  const hlo_computation *computation; /* being printed */
  const hlo_instruction *instruction; /* being printed */
  unsigned depth;                     /* of messages that hold themselves */

  hlo_unknown unknown[HLO_MAX_UNKNOWN];
  size_t num_unknown;
} hlo_printer;

/* ---- trouble ------------------------------------------------------------- */

/* Keeps the error if it is the first, and takes it. */
void pjrt_hlo_fail(hlo_printer *p, pjrt_error *error);

/* INVALID_ARGUMENT, with the instruction and the computation in front. */
void pjrt_hlo_fail_here(hlo_printer *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* RESOURCE_EXHAUSTED: more of something than any module needs. */
void pjrt_hlo_fail_size(hlo_printer *p, const char *what);

/* Notes something unknown, once. */
void pjrt_hlo_note(hlo_printer *p, hlo_unknown_kind kind, uint64_t number,
                   hlo_bytes name);

/* Whether nothing more will be printed. */
bool pjrt_hlo_is_over(const hlo_printer *p);

/* For messages that hold themselves: false when they do so too deeply, which is
 * an error. */
bool pjrt_hlo_enter(hlo_printer *p);
void pjrt_hlo_leave(hlo_printer *p);

/* ---- printing ------------------------------------------------------------ */

void pjrt_hlo_put(hlo_printer *p, const char *text);
void pjrt_hlo_put_bytes(hlo_printer *p, hlo_bytes text);
void pjrt_hlo_put_int(hlo_printer *p, int64_t value);
void pjrt_hlo_putf(hlo_printer *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* In double quotes, what is not plain escaped as in C. */
void pjrt_hlo_put_quoted(hlo_printer *p, hlo_bytes text);

/* As it is if it looks like a JSON object, else quoted. */
void pjrt_hlo_put_json(hlo_printer *p, hlo_bytes text);

/* Between the elements of a long list, before the i-th: a comma, and at times
 * its index. */
void pjrt_hlo_put_list_separator(hlo_printer *p, size_t i);

/* As "%g" with these digits. */
void pjrt_hlo_put_double(hlo_printer *p, double value, int digits);

/* ---- reading ------------------------------------------------------------- */

/* A scalar field; 0 where it is not there. */
uint64_t pjrt_hlo_varint(hlo_printer *p, hlo_bytes message, uint32_t number);
int64_t pjrt_hlo_int(hlo_printer *p, hlo_bytes message, uint32_t number);
bool pjrt_hlo_bool(hlo_printer *p, hlo_bytes message, uint32_t number);
double pjrt_hlo_double(hlo_printer *p, hlo_bytes message, uint32_t number);
float pjrt_hlo_float(hlo_printer *p, hlo_bytes message, uint32_t number);

/* A text or a message; the last one if there are several. */
hlo_bytes pjrt_hlo_bytes(hlo_printer *p, hlo_bytes message, uint32_t number);

/* The elements of a repeated field, one after the other. */
typedef struct hlo_list {
  hlo_printer *p;
  pjrt_wire message;
  pjrt_wire packed;
  uint32_t number;
} hlo_list;

hlo_list pjrt_hlo_list(hlo_printer *p, hlo_bytes message, uint32_t number);
bool pjrt_hlo_next_int(hlo_list *list, int64_t *out);
bool pjrt_hlo_next_bytes(hlo_list *list, hlo_bytes *out);
/* All of them, in memory to free(); NULL without any. */
hlo_bytes *pjrt_hlo_all_bytes(hlo_printer *p, hlo_bytes message,
                              uint32_t number, size_t *out_num);
bool pjrt_hlo_is_empty(hlo_printer *p, hlo_bytes message, uint32_t number);

/* The numbers of a repeated field with `separator` between them. */
void pjrt_hlo_put_ints(hlo_printer *p, hlo_bytes message, uint32_t number,
                       const char *separator);

/* ---- the module ---------------------------------------------------------- */

/* Finds all computations and instructions, and their order. */
void pjrt_hlo_index(hlo_printer *p);
void pjrt_hlo_index_free(hlo_printer *p);

/* By id; NULL after an error. `what` says which reference it is. */
const hlo_instruction *pjrt_hlo_instruction(hlo_printer *p,
                                            const hlo_computation *computation,
                                            int64_t id, const char *what);
hlo_computation *pjrt_hlo_computation(hlo_printer *p, int64_t id);

/* The k-th operand; NULL without one. */
const hlo_instruction *pjrt_hlo_operand(hlo_printer *p,
                                        const hlo_instruction *instruction,
                                        size_t k);

/* The computation of an async operation whose text is that of the computation's
 * root, since there is nothing else in it; NULL for all else. */
const hlo_computation *pjrt_hlo_async_computation(
    hlo_printer *p, const hlo_instruction *instruction);

/* Whether it has nothing but parameters and its root. */
bool pjrt_hlo_is_single(hlo_printer *p, const hlo_computation *computation);

/* ---- the parts of the text ----------------------------------------------- */

void pjrt_hlo_put_shape(hlo_printer *p, hlo_bytes shape, bool with_layout);
uint64_t pjrt_hlo_shape_type(hlo_printer *p, const hlo_instruction *of);
/* INVALID where XLA's number is none of an element type that is known. */
pjrt_dtype pjrt_hlo_dtype(uint64_t type);
void pjrt_hlo_put_type_name(hlo_printer *p, uint64_t type);

/* The value of a constant. */
void pjrt_hlo_put_constant(hlo_printer *p, const hlo_instruction *constant);

/* The whole value, after its shape. */
void pjrt_hlo_put_literal(hlo_printer *p, hlo_bytes message);

/* A text that stands in the message, or among the module's payloads. */
hlo_bytes pjrt_hlo_payload(hlo_printer *p, hlo_bytes payload);

/* The tables of stack frames, to which metadata may refer. */
void pjrt_hlo_put_stack_frames(hlo_printer *p);

void pjrt_hlo_put_sharding(hlo_printer *p, hlo_bytes sharding);
void pjrt_hlo_put_replica_groups(hlo_printer *p, hlo_bytes instruction);

/* Whether there is anything to say of where an instruction comes from, and
 * that. */
bool pjrt_hlo_has_metadata(hlo_printer *p, hlo_bytes metadata);
void pjrt_hlo_put_metadata(hlo_printer *p, hlo_bytes metadata);
void pjrt_hlo_put_frontend_attributes(hlo_printer *p, hlo_bytes attributes);

/* ", name=value" for all that an instruction's opcode has. */
void pjrt_hlo_put_opcode_attributes(hlo_printer *p, const hlo_instruction *of);

/* A whole line, without its end. */
void pjrt_hlo_put_instruction(hlo_printer *p, const hlo_instruction *of);

#endif /* PJRT_HLO_HLO_H_ */
