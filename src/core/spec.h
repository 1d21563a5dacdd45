/* Specs: element type, dimensions, layout and device of a buffer as one
 * pointer, so that checking an argument is one compare.
 *
 * A spec is interned per client: equal contents have equal addresses. Looking
 * one up takes no lock; specs live as long as their client. */
#ifndef PJRT_CORE_SPEC_H_
#define PJRT_CORE_SPEC_H_

#include <pthread.h>
#include <stdatomic.h>

#include "pjrt/dtype.h"
#include "pjrt/error.h"

struct pjrt_device;

/* What is known of the order of a buffer's dimensions. */
typedef enum pjrt_spec_order {
  PJRT_ORDER_UNKNOWN = 0, /* fits every other */
  PJRT_ORDER_ROW_MAJOR = 1,
  PJRT_ORDER_GIVEN = 2, /* minor_to_major says it */
  /* Some dimensions are dynamic: `dims` are their bounds, and how many elements
   * there are, and where, shows only at run time. */
  PJRT_ORDER_DYNAMIC = 3
} pjrt_spec_order;

typedef struct pjrt_spec {
  uint64_t hash;
  struct pjrt_device *device; /* NULL: any, for portable executables */
  pjrt_dtype dtype;
  pjrt_spec_order order;
  size_t host_size; /* bytes of the elements in host form */
  /* For a spec of unknown order: what uploads of this shape turned out to be,
   * learnt from the first of them. */
  _Atomic(const struct pjrt_spec *) uploaded;
  size_t num_dims;
  const int64_t *row_major;      /* the order to ask for in downloads */
  const int64_t *minor_to_major; /* the buffer's own; NULL unless GIVEN */
  int64_t dims[];                /* and then the two orders */
} pjrt_spec;

typedef struct pjrt_spec_slots pjrt_spec_slots;

typedef struct pjrt_spec_table {
  _Atomic(pjrt_spec_slots *) slots; /* the newest; it links to older ones */
  pthread_mutex_t add;              /* held to add a spec */
  size_t num_specs;
} pjrt_spec_table;

void pjrt_spec_table_init(pjrt_spec_table *table);
void pjrt_spec_table_destroy(pjrt_spec_table *table);

/* Whether an order names every dimension once. False for more dimensions than
 * any framework makes; a bit mask of them fits a word. */
enum { PJRT_MAX_RANK = 64 };
bool pjrt_order_is_valid(const int64_t *minor_to_major, size_t num_dims);

/* The spec with these contents. `minor_to_major` is read for PJRT_ORDER_GIVEN
 * alone; an order that is row-major is taken for that. INVALID_ARGUMENT for
 * dimensions that are negative or too large. */
pjrt_error *pjrt_spec_intern(pjrt_spec_table *table, pjrt_dtype dtype,
                             const int64_t *dims, size_t num_dims,
                             pjrt_spec_order order,
                             const int64_t *minor_to_major,
                             struct pjrt_device *device, const pjrt_spec **out)
    __attribute__((warn_unused_result));

/* Whether a buffer of spec `actual` may stand where `expected` is asked for:
 * equal, where an unknown order or a NULL device fits every other. */
bool pjrt_spec_fits(const pjrt_spec *actual, const pjrt_spec *expected);

/* The same, whatever the device. */
bool pjrt_spec_same_shape(const pjrt_spec *actual, const pjrt_spec *expected);

/* "f32[2,3]{0,1}", for messages; cut off where it does not fit. */
enum { PJRT_SPEC_TEXT_SIZE = 160 };
void pjrt_spec_print(const pjrt_spec *spec, char out[PJRT_SPEC_TEXT_SIZE]);

#endif /* PJRT_CORE_SPEC_H_ */
