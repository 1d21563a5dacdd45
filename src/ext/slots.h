/* What the registry knows of the functions of extensions. */
#ifndef PJRT_EXT_SLOTS_H_
#define PJRT_EXT_SLOTS_H_

#include "pjrt/ext/extensions.h"

typedef enum pjrt_slot_kind {
  PJRT_SLOT_FUNCTION,    /* of the node */
  PJRT_SLOT_UNPUBLISHED, /* of the node; what it takes is not known */
  PJRT_SLOT_NESTED       /* of the table that the node points to */
} pjrt_slot_kind;

typedef struct pjrt_slot {
  const char *name; /* "PJRT_FFI_Register_Handler"; of the field otherwise */
  int16_t type;     /* of its extension */
  int16_t since;    /* 0: as old as the extension */
  int16_t offset;
  int16_t kind; /* pjrt_slot_kind */
} pjrt_slot;

/* NULL past the end. */
const pjrt_slot *pjrt_slot_at(int type, size_t slot);

/* The minor that brought the extension, and the function. */
int pjrt_extension_since(int type);
int pjrt_slot_since(int type, const char *function);

#endif /* PJRT_EXT_SLOTS_H_ */
