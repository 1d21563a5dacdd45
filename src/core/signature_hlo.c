/* Signatures from HLO modules. */
#include "base/error.h"
#include "core/dtype.h"
#include "core/signature.h"
#include "core/wire.h"
#include "proto/xla.pb-c.h"

/* Field numbers of the messages that are walked, not unpacked. */
enum {
  WITH_CONFIG_HLO_MODULE = 1,
  MODULE_HOST_PROGRAM_SHAPE = 4,
  MODULE_INPUT_OUTPUT_ALIAS = 8,
  MODULE_BUFFER_DONOR = 18
};

/* A signature in the making. `unchecked` ends the reading without an error. */
typedef struct hlo_reader {
  pjrt_signature *signature;
  bool unchecked;
} hlo_reader;

static pjrt_error *damaged(const char *part) {
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "the program is not a valid HloModuleProto: its %s "
                           "cannot be parsed",
                           part);
}

/* ---- the parts of a module ----------------------------------------------- */

/* Absent parts have no data. */
typedef struct module_parts {
  pjrt_wire_field program_shape;
  pjrt_wire_field aliases;
  pjrt_wire_field donors;
} module_parts;

/* Protocol buffers merge a message that comes twice. No writer does that, and
 * this reader does not merge. */
static void keep_once(hlo_reader *reader, const pjrt_wire_field *field,
                      pjrt_wire_field *part) {
  if (part->data) reader->unchecked = true;
  *part = *field;
}

static pjrt_error *find_parts(hlo_reader *reader, const void *module,
                              size_t size, module_parts *out) {
  pjrt_wire wire = pjrt_wire_start(module, size);
  pjrt_wire_field field;
  while (pjrt_wire_next(&wire, &field)) {
    if (field.type != PJRT_WIRE_BYTES) continue;
    if (field.number == MODULE_HOST_PROGRAM_SHAPE) {
      keep_once(reader, &field, &out->program_shape);
    } else if (field.number == MODULE_INPUT_OUTPUT_ALIAS) {
      keep_once(reader, &field, &out->aliases);
    } else if (field.number == MODULE_BUFFER_DONOR) {
      keep_once(reader, &field, &out->donors);
    }
  }
  return wire.malformed ? damaged("field list") : NULL;
}

static pjrt_error *find_module(hlo_reader *reader, const void *code,
                               size_t size, pjrt_wire_field *out) {
  pjrt_wire wire = pjrt_wire_start(code, size);
  pjrt_wire_field field;
  while (pjrt_wire_next(&wire, &field)) {
    if (field.number == WITH_CONFIG_HLO_MODULE &&
        field.type == PJRT_WIRE_BYTES) {
      keep_once(reader, &field, out);
    }
  }
  return wire.malformed ? damaged("HloModuleProtoWithConfig") : NULL;
}

/* ---- shapes -------------------------------------------------------------- */

static pjrt_error *read_shape(hlo_reader *reader, const Pjrt__ShapeProto *proto,
                              pjrt_shape *out) {
  const Pjrt__LayoutProto *layout = proto->layout;
  const size_t num_dims = proto->n_dimensions;
  const size_t layout_rank = layout ? layout->n_minor_to_major : 0;
  if (proto->n_tuple_shapes > 0 || layout_rank != num_dims) {
    reader->unchecked = true;
    return NULL;
  }
  const uint64_t type = (uint64_t)proto->element_type;
  pjrt_shape shape = {.dtype = pjrt_dtype_from_xla(type),
                      .num_dims = num_dims,
                      .dims = proto->dimensions,
                      .minor_to_major = layout ? layout->minor_to_major : NULL,
                      .is_tiled = layout && layout->n_tiles > 0};
  for (size_t i = 0; i < proto->n_is_dynamic_dimension; i++) {
    if (proto->is_dynamic_dimension[i]) shape.has_dynamic_dims = true;
  }
  bool known;
  PJRT_TRY(pjrt_shape_copy(&shape, out, &known));
  if (!known) reader->unchecked = true;
  return NULL;
}

static pjrt_error *read_output_tuple(hlo_reader *reader,
                                     const Pjrt__ShapeProto *tuple) {
  for (size_t i = 0; i < tuple->n_tuple_shapes && !reader->unchecked; i++) {
    const ProtobufCBinaryData *bytes = &tuple->tuple_shapes[i];
    Pjrt__ShapeProto *element =
        pjrt__shape_proto__unpack(NULL, bytes->len, bytes->data);
    if (!element) return damaged("result shape");
    pjrt_error *error =
        read_shape(reader, element, &reader->signature->outputs[i]);
    pjrt__shape_proto__free_unpacked(element, NULL);
    PJRT_TRY(error);
  }
  return NULL;
}

static pjrt_error *read_program_shape(hlo_reader *reader,
                                      const Pjrt__ProgramShapeProto *program) {
  const Pjrt__ShapeProto *result = program->result;
  if (!result) {
    reader->unchecked = true;
    return NULL;
  }
  const bool is_tuple = result->element_type == PJRT__PRIMITIVE_TYPE__TUPLE;
  PJRT_TRY(pjrt_signature_create(program->n_parameters,
                                 is_tuple ? result->n_tuple_shapes : 1,
                                 &reader->signature));
  for (size_t i = 0; i < program->n_parameters && !reader->unchecked; i++) {
    PJRT_TRY(read_shape(reader, program->parameters[i],
                        &reader->signature->parameters[i]));
  }
  if (reader->unchecked) return NULL;
  if (is_tuple) return read_output_tuple(reader, result);
  return read_shape(reader, result, &reader->signature->outputs[0]);
}

/* ---- donation ------------------------------------------------------------ */

/* Parameters are no tuples here, so a donation of a part of one cannot be. */
static void mark_donated(hlo_reader *reader, int64_t parameter,
                         size_t part_depth) {
  if (part_depth > 0 || parameter < 0 ||
      (uint64_t)parameter >= reader->signature->num_parameters) {
    reader->unchecked = true;
  } else {
    reader->signature->is_donated[parameter] = true;
  }
}

static pjrt_error *read_aliases(hlo_reader *reader,
                                const pjrt_wire_field *part) {
  if (!part->data) return NULL;
  Pjrt__HloInputOutputAliasProto *aliases =
      pjrt__hlo_input_output_alias_proto__unpack(NULL, part->size, part->data);
  if (!aliases) return damaged("input_output_alias");
  for (size_t i = 0; i < aliases->n_entries; i++) {
    mark_donated(reader, aliases->entries[i]->parameter_number,
                 aliases->entries[i]->n_parameter_shape_index);
  }
  pjrt__hlo_input_output_alias_proto__free_unpacked(aliases, NULL);
  return NULL;
}

static pjrt_error *read_donors(hlo_reader *reader,
                               const pjrt_wire_field *part) {
  if (!part->data) return NULL;
  Pjrt__HloBufferDonorProto *donors =
      pjrt__hlo_buffer_donor_proto__unpack(NULL, part->size, part->data);
  if (!donors) return damaged("buffer_donor");
  for (size_t i = 0; i < donors->n_entries; i++) {
    mark_donated(reader, donors->entries[i]->parameter_number,
                 donors->entries[i]->n_parameter_shape_index);
  }
  pjrt__hlo_buffer_donor_proto__free_unpacked(donors, NULL);
  return NULL;
}

/* ---- the whole ----------------------------------------------------------- */

static pjrt_error *read_module(hlo_reader *reader, const void *module,
                               size_t size) {
  module_parts parts = {0};
  PJRT_TRY(find_parts(reader, module, size, &parts));
  if (!parts.program_shape.data) reader->unchecked = true;
  if (reader->unchecked) return NULL;

  Pjrt__ProgramShapeProto *program = pjrt__program_shape_proto__unpack(
      NULL, parts.program_shape.size, parts.program_shape.data);
  if (!program) return damaged("host_program_shape");
  pjrt_error *error = read_program_shape(reader, program);
  pjrt__program_shape_proto__free_unpacked(program, NULL);
  PJRT_TRY(error);
  if (reader->unchecked) return NULL;

  PJRT_TRY(read_aliases(reader, &parts.aliases));
  return read_donors(reader, &parts.donors);
}

pjrt_error *pjrt_signature_from_hlo(const void *code, size_t size,
                                    bool with_config, pjrt_signature **out) {
  *out = NULL;
  hlo_reader reader = {0};
  pjrt_wire_field module = {.data = code, .size = size};
  if (with_config) {
    module = (pjrt_wire_field){0};
    PJRT_TRY(find_module(&reader, code, size, &module));
  }
  pjrt_error *error = read_module(&reader, module.data, module.size);
  if (error || reader.unchecked) {
    pjrt_signature_free(reader.signature);
    return error;
  }
  *out = reader.signature;
  return NULL;
}
