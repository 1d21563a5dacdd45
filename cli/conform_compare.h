/* How near a result is to what it must be, by the rules of StableHLO's check
 * calls. */
#ifndef CLI_CONFORM_COMPARE_H_
#define CLI_CONFORM_COMPARE_H_

#include <pjrt/array.h>

typedef enum check_rule {
  CHECK_EQ,    /* the same number, such as 0 and -0 */
  CHECK_CLOSE, /* so many representable numbers apart */
  /* Apart by a tolerance at most; times the expected number, where that is
   * larger than 1: an absolute one would ask more of large numbers than their
   * type can tell. */
  CHECK_ALMOST_EQ
} check_rule;

/* NaN is the same as any NaN, and infinity near itself alone. Both parts of a
 * complex number must be right. */
struct check_bounds {
  check_rule rule;
  uint64_t min_ulps;
  uint64_t max_ulps;
  double tolerance;
};

/* Two numbers that are infinitely far apart, one of which is not finite. */
#define ULPS_INFINITE UINT64_MAX

struct comparison {
  size_t num;       /* elements */
  size_t num_wrong; /* of them, out of bounds */
  size_t worst;     /* the index of the one farthest off */
  uint64_t worst_ulps;
  /* The largest distance, right or wrong. 0 for integers and bools. */
  uint64_t max_ulps;
};

/* Compares two dense arrays. INVALID_ARGUMENT where they differ in type or
 * dimensions, or the rule does not go with the type. */
pjrt_error *check_compare(const pjrt_array *actual, const pjrt_array *expected,
                          const struct check_bounds *bounds,
                          struct comparison *out);

/* "[1,0]: got 2, expected 3 (5 ulps), 2 of 4 elements" about what is worst. */
void check_describe(const pjrt_array *actual, const pjrt_array *expected,
                    const struct comparison *comparison, char *out,
                    size_t out_size);

#endif /* CLI_CONFORM_COMPARE_H_ */
