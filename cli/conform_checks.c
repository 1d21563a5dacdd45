#include "conform_checks.h"

#include <stdio.h>
#include <string.h>

#include "conform_compare.h"

/* The type of the findings in a context. Any number will do. */
#define FINDINGS_TYPE 0x706a7274

/* What StableHLO's own interpreter holds custom calls to. */
#define DEFAULT_MAX_ULPS 3
#define DEFAULT_TOLERANCE 1e-3

/* ---- bounds -------------------------------------------------------------- */

/* Whether an attribute was not there; frees the error then. */
static bool is_absent(pjrt_error *error) {
  if (pjrt_error_code(error) != PJRT_NOT_FOUND) return false;
  pjrt_error_free(error);
  return true;
}

static pjrt_error *read_ulps(const pjrt_ffi_attrs *attrs, const char *name,
                             uint64_t *inout) {
  int64_t value = 0;
  pjrt_error *error = pjrt_ffi_attrs_int64(attrs, name, PJRT_NUL_ENDED, &value);
  if (error) return is_absent(error) ? NULL : error;
  if (value < 0) {
    return pjrt_error_create(PJRT_INVALID_ARGUMENT, "negative ulps",
                             PJRT_NUL_ENDED);
  }
  *inout = (uint64_t)value;
  return NULL;
}

static pjrt_error *read_tolerance(const pjrt_ffi_attrs *attrs, double *inout) {
  double value;
  pjrt_error *error =
      pjrt_ffi_attrs_double(attrs, "tolerance", PJRT_NUL_ENDED, &value);
  if (error) return is_absent(error) ? NULL : error;
  *inout = value;
  return NULL;
}

static pjrt_error *read_bounds(const pjrt_ffi_attrs *attrs, check_rule rule,
                               struct check_bounds *out) {
  *out = (struct check_bounds){.rule = rule,
                               .max_ulps = DEFAULT_MAX_ULPS,
                               .tolerance = DEFAULT_TOLERANCE};
  PJRT_TRY(read_ulps(attrs, "max_ulp_difference", &out->max_ulps));
  PJRT_TRY(read_ulps(attrs, "min_ulp_difference", &out->min_ulps));
  return read_tolerance(attrs, &out->tolerance);
}

/* ---- handlers ------------------------------------------------------------ */

/* Notes what a check found. The error that it fails with, or NULL. */
static pjrt_error *conclude(struct findings *findings,
                            const struct comparison *comparison,
                            const char *problem) {
  pthread_mutex_lock(&findings->lock);
  findings->num_checks++;
  if (comparison->max_ulps > findings->max_ulps) {
    findings->max_ulps = comparison->max_ulps;
  }
  if (*problem && !*findings->problem) {
    snprintf(findings->problem, sizeof findings->problem, "%s", problem);
  }
  pthread_mutex_unlock(&findings->lock);
  if (!*problem) return NULL;
  return pjrt_error_create(PJRT_DATA_LOSS, problem, PJRT_NUL_ENDED);
}

static pjrt_error *compare(pjrt_ffi_call *call, check_rule rule,
                           const pjrt_array *actual,
                           const pjrt_array *expected) {
  struct check_bounds bounds;
  struct comparison comparison;
  void *findings;
  PJRT_TRY(read_bounds(pjrt_ffi_call_attrs(call), rule, &bounds));
  PJRT_TRY(pjrt_ffi_call_user_data(call, FINDINGS_TYPE, &findings));
  PJRT_TRY(check_compare(actual, expected, &bounds, &comparison));
  char problem[sizeof((struct findings *)0)->problem] = "";
  if (comparison.num_wrong) {
    check_describe(actual, expected, &comparison, problem, sizeof problem);
  }
  return conclude(findings, &comparison, problem);
}

static pjrt_error *argument(const pjrt_ffi_call *call, size_t i,
                            pjrt_array **out) {
  pjrt_ffi_buffer buffer;
  pjrt_ffi_buffer_init(&buffer);
  PJRT_TRY(pjrt_ffi_call_arg(call, i, &buffer));
  return pjrt_ffi_buffer_to_array(&buffer, out);
}

static pjrt_error *check(pjrt_ffi_call *call, check_rule rule) {
  pjrt_array *actual = NULL, *expected = NULL;
  pjrt_error *error = argument(call, 0, &actual);
  if (!error) error = argument(call, 1, &expected);
  if (!error) error = compare(call, rule, actual, expected);
  pjrt_array_free(actual);
  pjrt_array_free(expected);
  return error;
}

static pjrt_error *expect_eq(pjrt_ffi_call *call, void *user) {
  (void)user;
  return check(call, CHECK_EQ);
}

static pjrt_error *expect_close(pjrt_ffi_call *call, void *user) {
  (void)user;
  return check(call, CHECK_CLOSE);
}

static pjrt_error *expect_almost_eq(pjrt_ffi_call *call, void *user) {
  (void)user;
  return check(call, CHECK_ALMOST_EQ);
}

static PJRT_FFI_HANDLER(expect_eq_entry, expect_eq, NULL);
static PJRT_FFI_HANDLER(expect_close_entry, expect_close, NULL);
static PJRT_FFI_HANDLER(expect_almost_eq_entry, expect_almost_eq, NULL);

pjrt_error *checks_register(pjrt_plugin *plugin) {
  static const struct {
    const char *target;
    pjrt_ffi_entry entry;
  } checks[] = {
      {"check.expect_eq", expect_eq_entry},
      {"check.expect_close", expect_close_entry},
      {"check.expect_almost_eq", expect_almost_eq_entry},
  };
  for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
    pjrt_ffi_handler handler;
    pjrt_ffi_handler_init(&handler);
    handler.execute = checks[i].entry;
    PJRT_TRY(pjrt_ffi_register_handler(plugin, checks[i].target, PJRT_NUL_ENDED,
                                       NULL, 0, &handler));
  }
  int64_t type = FINDINGS_TYPE;
  return pjrt_ffi_register_type(plugin, "pjrt conform findings", PJRT_NUL_ENDED,
                                NULL, &type);
}

/* ---- findings ------------------------------------------------------------ */

pjrt_error *checks_context(pjrt_client *client, struct findings *findings,
                           pjrt_execute_context **out) {
  PJRT_TRY(pjrt_execute_context_create(client, out));
  pjrt_error *error = pjrt_ffi_add_user_data(*out, FINDINGS_TYPE, findings);
  if (!error) return NULL;
  pjrt_execute_context_free(*out);
  *out = NULL;
  return error;
}

void findings_reset(struct findings *findings) {
  pthread_mutex_lock(&findings->lock);
  findings->num_checks = 0;
  findings->max_ulps = 0;
  findings->problem[0] = '\0';
  pthread_mutex_unlock(&findings->lock);
}
