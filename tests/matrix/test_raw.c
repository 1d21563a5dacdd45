/* The compatibility matrix of the raw calls: every function of the registry,
 * as soon as it is there. */
#include "raw.h"

enum { POISON = 0xa5 };

static bool is_given(const matrix_attempt *a, const matrix_field *field) {
  return !strcmp(field->direction, "OUT") &&
         field->since <= a->how->options.minor;
}

/* Whatever was there before, a call that works leaves its own. */
static void poison_outputs(matrix_attempt *a, const raw_row *row) {
  for (size_t i = 0; i < matrix_num_fields; i++) {
    const matrix_field *field = &matrix_fields[i];
    if (!strcmp(field->structure, row->args) &&
        !strcmp(field->direction, "OUT"))
      memset((char *)raw(a)->args + field->offset, POISON, field->size);
  }
}

static bool is_pointer(const matrix_field *field) {
  return !strcmp(field->class, "HANDLE") || !strcmp(field->class, "HANDLES") ||
         !strcmp(field->class, "TEXT") || !strcmp(field->class, "FUNCTION");
}

static bool is_all(const unsigned char *bytes, size_t size,
                   unsigned char value) {
  for (size_t i = 0; i < size; i++) {
    if (bytes[i] != value) return false;
  }
  return true;
}

static const matrix_field *find_field(const char *structure, const char *name,
                                      const char *ending) {
  const size_t size = strlen(name);
  for (size_t i = 0; i < matrix_num_fields; i++) {
    const matrix_field *field = &matrix_fields[i];
    if (!strcmp(field->structure, structure) &&
        !strncmp(field->name, name, size) &&
        !strcmp(field->name + size, ending))
      return field;
  }
  return NULL;
}

static int64_t number_of(matrix_attempt *a, const matrix_field *field) {
  const char *at = (char *)raw(a)->args + field->offset;
  int64_t number = 0;
  memcpy(&number, at, field->size); /* none that is expected is negative */
  return number;
}

/* A value that the call says it has not. */
static bool is_unset(matrix_attempt *a, const matrix_field *field) {
  const matrix_field *flag =
      find_field(field->structure, field->name, "_is_set");
  return flag && !number_of(a, flag);
}

static void expect_set(matrix_attempt *a, const matrix_field *field) {
  const unsigned char *at = (unsigned char *)raw(a)->args + field->offset;
  if (is_all(at, field->size, POISON) && !is_unset(a, field))
    matrix_wrong(a, "%s was not set", field->name);
  if (is_pointer(field) && is_all(at, field->size, 0))
    matrix_wrong(a, "%s is NULL", field->name);
}

static void expect_output(matrix_attempt *a, const raw_row *row,
                          const raw_output *output) {
  const matrix_field *field = find_field(row->args, output->field, "");
  const char *text;
  if (!field) {
    matrix_wrong(a, "there is no field %s", output->field);
    return;
  }
  if (!output->text) {
    if (number_of(a, field) != output->number)
      matrix_wrong(a, "%s is %lld", field->name,
                   (long long)number_of(a, field));
    return;
  }
  memcpy(&text, (char *)raw(a)->args + field->offset, sizeof text);
  const matrix_field *size = find_field(row->args, output->field, "_size");
  if ((size_t)number_of(a, size) != strlen(output->text) ||
      memcmp(text, output->text, strlen(output->text)))
    matrix_wrong(a, "%s is not '%s'", field->name, output->text);
}

static void expect_outputs(matrix_attempt *a, const raw_row *row) {
  for (size_t i = 0; i < matrix_num_fields; i++) {
    const matrix_field *field = &matrix_fields[i];
    if (!strcmp(field->structure, row->args) && is_given(a, field))
      expect_set(a, field);
  }
  for (size_t i = 0; i < raw_num_outputs; i++) {
    if (!strcmp(raw_outputs[i].function, row->function))
      expect_output(a, row, &raw_outputs[i]);
  }
}

/* What a call gives with a function to delete it: the function takes the
 * field of its own type. */
static void delete_serialized(matrix_attempt *a, const raw_row *row) {
  static const char prefix[] = "void (*)(";
  for (size_t i = 0; i < matrix_num_fields; i++) {
    const matrix_field *field = &matrix_fields[i];
    if (strcmp(field->structure, row->args) || !strstr(field->name, "_deleter"))
      continue;
    for (size_t k = i; k-- > 0;) {
      const matrix_field *subject = &matrix_fields[k];
      const size_t size = strlen(subject->type);
      void (*deleter)(void *);
      void *handle;
      if (strcmp(subject->structure, row->args)) break;
      if (strncmp(field->type + sizeof prefix - 1, subject->type, size) ||
          strcmp(field->type + sizeof prefix - 1 + size, ")"))
        continue;
      memcpy(&deleter, (char *)raw(a)->args + field->offset, sizeof deleter);
      memcpy(&handle, (char *)raw(a)->args + subject->offset, sizeof handle);
      if (deleter && handle) deleter(handle);
    }
  }
}

static pjrt_error *await_events(matrix_attempt *a, const raw_row *row) {
  for (size_t i = 0; i < matrix_num_fields; i++) {
    const matrix_field *field = &matrix_fields[i];
    PJRT_Event *event;
    if (strcmp(field->structure, row->args) ||
        strcmp(field->type, "PJRT_Event *") || strcmp(field->direction, "OUT"))
      continue;
    memcpy(&event, (char *)raw(a)->args + field->offset, sizeof event);
    PJRT_TRY(raw_await(a, event));
  }
  return NULL;
}

/* What a call consumes is no longer there to be ended. */
static void forget_consumed(matrix_attempt *a, const raw_row *row) {
  const size_t size = strlen(row->function);
  const char *ending = row->function + size - strlen("_Destroy");
  for (size_t i = 0; i < matrix_num_fields; i++) {
    const matrix_field *field = &matrix_fields[i];
    void *handle;
    if (strcmp(field->structure, row->args) || strcmp(field->class, "HANDLE"))
      continue;
    memcpy(&handle, (char *)raw(a)->args + field->offset, sizeof handle);
    if (!strcmp(ending, "_Destroy")) raw_forget(a, handle);
  }
}

static pjrt_error *prepare(matrix_attempt *a) {
  return raw_fill(a, a->what->row, raw(a)->args);
}

/* Where the plugin has the function and refuses, it says why. */
static pjrt_error *refused(matrix_attempt *a, pjrt_error *error) {
  const char *words = raw_refusal(a->what->name);
  if (pjrt_error_origin(error) != PJRT_ORIGIN_PLUGIN ||
      !strstr(pjrt_error_message(error, NULL), words))
    return error;
  pjrt_error_free(error);
  return NULL;
}

static pjrt_error *run(matrix_attempt *a) {
  const raw_row *row = a->what->row;
  const raw_hook *hook = raw_find_hook(row->function);
  poison_outputs(a, row);
  pjrt_error *error = row->call(a->plugin, raw(a)->args);
  if (error && raw_refusal(row->function)) return refused(a, error);
  if (error) return error;
  MATRIX_EXPECT(a, !raw_refusal(row->function));
  raw_keep(a, row, raw(a)->args);
  forget_consumed(a, row);
  expect_outputs(a, row);
  if (hook && hook->after) PJRT_TRY(hook->after(a, raw(a)->args));
  delete_serialized(a, row);
  return await_events(a, row);
}

static matrix_case cases[MATRIX_MAX_FUNCTIONS];

int main(int argc, char **argv) {
  const size_t num = pjrt_num_functions();
  for (size_t i = 0; i < num; i++) {
    const char *function = pjrt_function_name(i);
    const raw_hook *hook = raw_find_hook(function);
    cases[i] = (matrix_case){.name = function,
                             .prepare = prepare,
                             .run = run,
                             .direct = function,
                             .row = raw_find_row(function),
                             .configure = hook ? hook->configure : NULL,
                             .held = hook ? hook->held : NULL,
                             .ends = PJRT_DATA_LOSS};
  }
  const matrix_program program = {.cases = cases,
                                  .num_cases = num,
                                  .world_size = sizeof(raw_world),
                                  .end = raw_end,
                                  .is_raw = true};
  return matrix_main(argc, argv, &program);
}
