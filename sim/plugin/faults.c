#include "plugin/faults.h"

#include <string.h>

#include "plugin/clock.h"

static _Thread_local const pjrt_sim_fault *fault_now;

const pjrt_sim_fault *sim_fault_now(void) { return fault_now; }

void sim_fault_set_now(const pjrt_sim_fault *fault) { fault_now = fault; }

/* ---- drawing ------------------------------------------------------------- */

uint64_t sim_mix(uint64_t x) {
  x += UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

static uint64_t draw(int64_t seed, const char *function, size_t size,
                     size_t nth) {
  uint64_t hash = sim_mix((uint64_t)seed);
  for (size_t i = 0; i < size; i++)
    hash = sim_mix(hash ^ (unsigned char)function[i]);
  return sim_mix(hash ^ nth);
}

/* ---- which call ---------------------------------------------------------- */

static bool is_hit(const pjrt_sim_fault *fault, int64_t seed,
                   const char *function, size_t size, size_t nth) {
  if (strlen(fault->function) != size ||
      memcmp(fault->function, function, size))
    return false;
  if (fault->nth && (size_t)fault->nth != nth) return false;
  return fault->one_in < 2 ||
         draw(seed, function, size, nth) % (unsigned)fault->one_in == 0;
}

const pjrt_sim_fault *sim_fault_find(const pjrt_sim_options *options,
                                     const char *function, size_t function_size,
                                     size_t nth) {
  for (size_t i = 0; i < options->num_faults; i++)
    if (is_hit(&options->faults[i], options->seed, function, function_size,
               nth))
      return &options->faults[i];
  return NULL;
}

/* ---- how ----------------------------------------------------------------- */

PJRT_Error *sim_fault_strike(const pjrt_sim_fault *fault) {
  if (!fault) return NULL;
  if (fault->delay_ms) sim_sleep_us(INT64_C(1000) * fault->delay_ms);
  if (fault->loses_device) pjrt_sim_lose_device(fault->device_id);
  if (!fault->code) return NULL;
  return sim_error(fault->code, "%s",
                   fault->message ? fault->message : "injected fault");
}

typedef struct out_number {
  const char *args_name;
  size_t offset; /* of 8 bytes */
} out_number;

static const out_number out_numbers[] = {
#define PJRT_OUT_NUMBER_ROW(args, field) {#args, offsetof(args, field)},
#include "abi/generated/out_numbers.inc"
};

static bool is_args_of(const char *args_name, const char *function,
                       size_t size) {
  return !strncmp(args_name, function, size) &&
         !strcmp(args_name + size, "_Args");
}

void sim_fault_garble(int64_t seed, const char *function, size_t function_size,
                      size_t nth, void *args, size_t size) {
  static const uint64_t absurd[] = {
      UINT64_MAX,
      (uint64_t)INT64_MIN,
      (uint64_t)INT64_MAX,
      UINT64_C(1) << 60,
      UINT64_C(1) << 48,
      UINT64_MAX / sizeof(void *) + 2, /* few bytes, if it is multiplied */
  };
  uint64_t hash = draw(seed, function, function_size, nth);
  for (size_t i = 0; i < sizeof out_numbers / sizeof *out_numbers; i++) {
    const out_number *number = &out_numbers[i];
    if (!is_args_of(number->args_name, function, function_size) ||
        number->offset + sizeof(uint64_t) > size)
      continue;
    hash = sim_mix(hash);
    memcpy((char *)args + number->offset,
           &absurd[hash % (sizeof absurd / sizeof *absurd)], sizeof(uint64_t));
  }
}
