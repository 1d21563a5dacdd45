/* The names of all fields, and since when they are there (field_names.c). */
#ifndef PJRT_RAW_FIELD_NAMES_H_
#define PJRT_RAW_FIELD_NAMES_H_

extern const char pjrt_field_names[];

#endif /* PJRT_RAW_FIELD_NAMES_H_ */
