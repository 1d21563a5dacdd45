#include "core/program.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"

/* Programs hold their constants, so they may be large; a file beyond this is
 * something else. */
#define MAX_FILE_SIZE ((size_t)16 << 30)

struct pjrt_program {
  pjrt_program_format format;
  void *code;
  size_t size;
};

const char *pjrt_program_format_name(pjrt_program_format format) {
  return format == PJRT_FORMAT_HLO ? "hlo" : "mlir";
}

void pjrt_program_to_raw(const pjrt_program *program, PJRT_Program *raw) {
  raw->code = program->code;
  raw->code_size = program->size;
  raw->format = pjrt_program_format_name(program->format);
  raw->format_size = strlen(raw->format);
}

pjrt_error *pjrt_program_take(pjrt_program_format format, void *code,
                              size_t size, pjrt_program **out) {
  pjrt_program *program;
  pjrt_error *error = pjrt_alloc(1, sizeof *program, (void **)&program);
  if (error) {
    free(code);
    return error;
  }
  *program = (pjrt_program){format, code, size};
  *out = program;
  return NULL;
}

pjrt_error *pjrt_program_create(const void *code, size_t code_size,
                                pjrt_program_format format,
                                pjrt_program **out) {
  *out = NULL;
  code_size = pjrt_text_size(code, code_size);
  PJRT_TRY(pjrt_program_check("program", code, code_size, format, &format));
  void *copy;
  PJRT_TRY(pjrt_alloc_copy(code, code_size, 1, &copy));
  return pjrt_program_take(format, copy, code_size, out);
}

static pjrt_error *read_checked(const char *path, pjrt_program_format *format,
                                char **out_code, size_t *out_size) {
  char *name;
  PJRT_TRY(pjrt_path_format(&name, "program %s", path));
  pjrt_error *error =
      pjrt_file_read("program", path, MAX_FILE_SIZE, out_code, out_size);
  if (!error) {
    error = pjrt_program_check(name, *out_code, *out_size, PJRT_FORMAT_AUTO,
                               format);
    if (error) free(*out_code);
  }
  free(name);
  return error;
}

pjrt_error *pjrt_program_read(const char *path, size_t path_size,
                              pjrt_program **out) {
  *out = NULL;
  char *path_copy;
  PJRT_TRY(pjrt_text_copy_path("program", path, path_size, &path_copy));
  pjrt_program_format format;
  char *code;
  size_t size;
  pjrt_error *error = read_checked(path_copy, &format, &code, &size);
  free(path_copy);
  if (error) return error;
  return pjrt_program_take(format, code, size, out);
}

void pjrt_program_free(pjrt_program *program) {
  if (!program) return;
  free(program->code);
  free(program);
}

pjrt_program_format pjrt_program_format_of(const pjrt_program *program) {
  return program->format;
}

const void *pjrt_program_code(const pjrt_program *program, size_t *out_size) {
  *out_size = program->size;
  return program->code;
}
