#include "base/number.h"

#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 16;
}

bool pjrt_number_read_integer(const char *text, size_t size, bool *out_negative,
                              uint64_t *out_magnitude) {
  size_t i = 0;
  bool negative = size && text[0] == '-';
  if (size && (text[0] == '-' || text[0] == '+')) i++;
  uint64_t base = 10;
  if (size - i > 2 && text[i] == '0' && (text[i + 1] | 0x20) == 'x') {
    base = 16;
    i += 2;
  }
  if (i == size) return false;
  uint64_t magnitude = 0;
  for (; i < size; i++) {
    uint64_t digit = (uint64_t)digit_value(text[i]);
    if (digit >= base || __builtin_mul_overflow(magnitude, base, &magnitude) ||
        __builtin_add_overflow(magnitude, digit, &magnitude)) {
      return false;
    }
  }
  *out_negative = negative && magnitude;
  *out_magnitude = magnitude;
  return true;
}

bool pjrt_number_read_int64(const char *text, size_t size, int64_t *out) {
  bool negative;
  uint64_t magnitude;
  if (!pjrt_number_read_integer(text, size, &negative, &magnitude) ||
      magnitude > (uint64_t)INT64_MAX + negative) {
    return false;
  }
  *out = (int64_t)(negative ? 0 - magnitude : magnitude);
  return true;
}

/* strtod and printf follow the process's locale, which may spell 0.5 as 0,5.
 * In the GNU C library this locale is a constant: making it costs nothing. */
static locale_t c_locale(void) {
  return newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

bool pjrt_number_read_double(const char *text, size_t size, double *out) {
  char small[64];
  if (!size || isspace((unsigned char)text[0])) return false;
  char *copy = size < sizeof small ? small : malloc(size + 1);
  if (!copy) return false;
  memcpy(copy, text, size);
  copy[size] = '\0';
  locale_t c = c_locale();
  char *end = copy;
  if (c) *out = strtod_l(copy, &end, c);
  if (c) freelocale(c);
  bool whole = end == copy + size;
  if (copy != small) free(copy);
  return whole;
}

void pjrt_number_write_double(double value, int digits,
                              char out[PJRT_NUMBER_SIZE]) {
  if (isnan(value)) {
    memcpy(out, "nan", sizeof "nan");
    return;
  }
  locale_t c = c_locale();
  locale_t before = c ? uselocale(c) : (locale_t)0;
  snprintf(out, PJRT_NUMBER_SIZE, "%.*g", digits, value);
  if (c) {
    uselocale(before);
    freelocale(c);
  }
}
