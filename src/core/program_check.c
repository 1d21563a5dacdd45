/* What is a program? Plugins answer bytes that are none with a parser's riddle
 * at best, so the library looks first. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "core/program.h"
#include "core/wire.h"

/* Field numbers of HloModuleProto and HloModuleProtoWithConfig. */
enum { MODULE_NAME = 1, MODULE_COMPUTATIONS = 3, WITH_CONFIG_HLO_MODULE = 1 };

static bool starts_with(const void *code, size_t size, const char *prefix) {
  const size_t prefix_size = strlen(prefix);
  return size >= prefix_size && memcmp(code, prefix, prefix_size) == 0;
}

static bool is_mlir_bytecode(const void *code, size_t size) {
  return starts_with(code, size, "ML\xefR");
}

/* ---- text ---------------------------------------------------------------- */

/* UTF-8 without control characters. An HloModuleProto may be valid UTF-8, but
 * never without control characters: the tag of its computations is one. */
static bool is_text(const void *code, size_t size) {
  const unsigned char *text = code;
  for (size_t i = 0; i < size;) {
    const bool is_control =
        text[i] < 0x20 && !(text[i] >= '\t' && text[i] <= '\r');
    const size_t step =
        is_control ? 0 : pjrt_text_utf8_size(text + i, size - i);
    if (step == 0) return false;
    i += step;
  }
  return true;
}

/* ---- HLO ----------------------------------------------------------------- */

static bool is_hlo_module(const void *code, size_t size) {
  bool has_name = false;
  bool has_computations = false;
  pjrt_wire wire = pjrt_wire_start(code, size);
  pjrt_wire_field field;
  while (pjrt_wire_next(&wire, &field)) {
    if (field.type != PJRT_WIRE_BYTES) continue;
    if (field.number == MODULE_NAME) has_name = true;
    if (field.number == MODULE_COMPUTATIONS) has_computations = true;
  }
  return !wire.malformed && has_name && has_computations;
}

static bool is_hlo_module_with_config(const void *code, size_t size) {
  pjrt_wire wire = pjrt_wire_start(code, size);
  pjrt_wire_field field;
  return pjrt_wire_next(&wire, &field) &&
         field.number == WITH_CONFIG_HLO_MODULE &&
         field.type == PJRT_WIRE_BYTES && is_hlo_module(field.data, field.size);
}

/* ---- messages ------------------------------------------------------------ */

#define DESCRIPTION_SIZE 64

static void describe(const void *code, size_t size,
                     char out[DESCRIPTION_SIZE]) {
  static const struct {
    const char *prefix;
    const char *kind;
  } kinds[] = {
      {"\x7f"
       "ELF",
       "an ELF file"},
      {"PK\x03\x04", "a zip archive"},
      {"\x1f\x8b", "a gzip file"},
      {"\x93NUMPY", "a .npy file"},
      {"BC\xc0\xde", "LLVM bitcode"},
      {"ML\xefR", "MLIR bytecode"},
      {"HloModule ", "the text of HLO"},
  };
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (starts_with(code, size, kinds[i].prefix)) {
      snprintf(out, DESCRIPTION_SIZE, "%s", kinds[i].kind);
      return;
    }
  }
  if (is_text(code, size)) {
    snprintf(out, DESCRIPTION_SIZE, "text");
  } else if (is_hlo_module(code, size)) {
    snprintf(out, DESCRIPTION_SIZE, "an HloModuleProto");
  } else if (is_hlo_module_with_config(code, size)) {
    snprintf(out, DESCRIPTION_SIZE, "an HloModuleProtoWithConfig");
  } else {
    const unsigned char *bytes = code;
    int used =
        snprintf(out, DESCRIPTION_SIZE, "%zu bytes of data that start", size);
    for (size_t i = 0; i < size && i < 4; i++) {
      used += snprintf(out + used, DESCRIPTION_SIZE - (size_t)used, " %02x",
                       bytes[i]);
    }
  }
}

static pjrt_error *not_a_program(const char *name, const char *expected,
                                 const void *code, size_t size) {
  char came[DESCRIPTION_SIZE];
  describe(code, size, came);
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s: expected %s, got %s",
                           name, expected, came);
}

/* ---- the check ----------------------------------------------------------- */

pjrt_error *pjrt_program_check(const char *name, const void *code, size_t size,
                               pjrt_program_format format,
                               pjrt_program_format *out) {
  const char *expected =
      "StableHLO (text, bytecode or portable artifact) or a serialized "
      "HloModuleProto";
  if (size == 0) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%s: expected %s, got "
                             "nothing",
                             name, expected);
  }
  const bool is_mlir =
      is_mlir_bytecode(code, size) ||
      (is_text(code, size) && !starts_with(code, size, "HloModule "));
  switch (format) {
    case PJRT_FORMAT_AUTO:
      if (!is_mlir && !is_hlo_module(code, size)) break;
      *out = is_mlir ? PJRT_FORMAT_MLIR : PJRT_FORMAT_HLO;
      return NULL;
    case PJRT_FORMAT_MLIR:
      expected = "StableHLO (text, bytecode or portable artifact)";
      if (!is_mlir) break;
      *out = format;
      return NULL;
    case PJRT_FORMAT_HLO:
      expected = "a serialized HloModuleProto";
      if (!is_hlo_module(code, size)) break;
      *out = format;
      return NULL;
    default:
      return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                               "%s: %d is not a program format", name,
                               (int)format);
  }
  return not_a_program(name, expected, code, size);
}
