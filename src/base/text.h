/* Text helpers: pointer-and-size text in, NUL-ended copies out. */
#ifndef PJRT_BASE_TEXT_H_
#define PJRT_BASE_TEXT_H_

#include <stdarg.h>

#include "pjrt/error.h"

/* The size of a text from a caller: resolves PJRT_NUL_ENDED; 0 for NULL. */
size_t pjrt_text_size(const char *text, size_t size);

/* A NUL-ended copy of a text that may lack a NUL; free() it. */
pjrt_error *pjrt_text_copy(const char *text, size_t size, char **out)
    __attribute__((warn_unused_result));

/* Like pjrt_text_copy, but INVALID_ARGUMENT when the text holds a NUL byte,
 * since it is to become a file name. `what` names the parameter. */
pjrt_error *pjrt_text_copy_path(const char *what, const char *text, size_t size,
                                char **out) __attribute__((warn_unused_result));

/* The bytes of the UTF-8 character at `text`; 0 when it is not one. */
size_t pjrt_text_utf8_size(const unsigned char *text, size_t left);

/* INVALID_ARGUMENT, with the first byte that is no UTF-8, unless all is. */
pjrt_error *pjrt_text_check_utf8(const char *text, size_t size)
    __attribute__((warn_unused_result));

bool pjrt_text_equal(const char *text, size_t size, const char *nul_ended);

/* A growing text. Appending never fails by itself: when memory is short the
 * builder remembers it, and pjrt_builder_finish reports it. Zero-initialize. */
typedef struct pjrt_builder {
  char *data;
  size_t size;
  size_t capacity;
  bool out_of_memory;
} pjrt_builder;

void pjrt_builder_append(pjrt_builder *builder, const char *text, size_t size);
void pjrt_builder_appendf(pjrt_builder *builder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void pjrt_builder_vappendf(pjrt_builder *builder, const char *format,
                           va_list args) __attribute__((format(printf, 2, 0)));

/* Hands out the NUL-ended text, "" when nothing was appended; free() it. The
 * builder is empty afterwards. */
pjrt_error *pjrt_builder_finish(pjrt_builder *builder, char **out,
                                size_t *out_size)
    __attribute__((warn_unused_result));

/* Frees what a builder holds, for error paths. */
void pjrt_builder_clear(pjrt_builder *builder);

#endif /* PJRT_BASE_TEXT_H_ */
