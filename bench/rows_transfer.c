/* Moving data: round trips, uploads and downloads, by size. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "calls.h"
#include "session.h"

/* One session for all sides of a row, and host memory, aligned for use in
 * place. */
typedef struct transfer {
  session *session;
  size_t num; /* elements */
  float *src;
  float *dst;
  char path[4096]; /* of a .npy, where there is one */
} transfer;

/* A side's own state. */
typedef struct transfer_side {
  transfer *shared;
  size_t mode;
} transfer_side;

static size_t bytes_of(const transfer *it) { return it->num * sizeof(float); }

/* The same memory again and again would let a wrong side copy nothing. */
static void next_values(transfer *it) {
  it->src[0] += 1;
  it->src[it->num - 1] = it->src[0];
}

static void check_twice(const transfer *it, const float *values) {
  if (!it->session->setup->checked) return;
  check_value("a round trip", 2 * it->src[0], values[0]);
  check_value("a round trip", 2 * it->src[0], values[it->num - 1]);
}

/* ---- round trips --------------------------------------------------------- */

/* How the data goes up; IN_PLACE: the result is read where it is. */
enum {
  DURING_CALL = 0,
  UNTIL_COMPLETE = 1,
  ZERO_COPY = 2,
  MUTABLE_ZERO_COPY = 3,
  SEMANTICS = 3,
  IN_PLACE = 4
};

static pjrt_buffer *lib_up(transfer *it, size_t semantics, pjrt_event **done) {
  const int64_t num = (int64_t)it->num;
  pjrt_device *device = it->session->device;
  pjrt_buffer *out;
  pjrt_upload_opts opts;
  if (semantics == DURING_CALL) {
    check(pjrt_buffer_from_host(device, PJRT_F32, &num, num > 1, it->src,
                                bytes_of(it), &out));
  } else if (semantics == UNTIL_COMPLETE) {
    pjrt_upload_opts_init(&opts);
    opts.semantics = PJRT_HOST_UNTIL_TRANSFER_COMPLETES;
    check(pjrt_buffer_from_host_async(device, PJRT_F32, &num, num > 1, it->src,
                                      bytes_of(it), &opts, &out, done));
  } else {
    check(pjrt_buffer_adopt_host(
        device, PJRT_F32, &num, num > 1, it->src, bytes_of(it),
        semantics == ZERO_COPY ? PJRT_ADOPT_READ_ONLY : PJRT_ADOPT_MUTABLE,
        NULL, NULL, &out));
  }
  return out;
}

static void lib_down(transfer *it, pjrt_buffer *buffer, size_t mode) {
  const void *data;
  if (mode & IN_PLACE) {
    check(pjrt_buffer_map(buffer, &data, NULL));
    check_twice(it, data);
    check(pjrt_buffer_unmap(buffer));
  } else {
    check(pjrt_buffer_to_host(buffer, it->dst, bytes_of(it)));
    check_twice(it, it->dst);
  }
}

static void lib_round_trip(void *state) {
  const transfer_side *side = state;
  transfer *it = side->shared;
  pjrt_buffer *out;
  pjrt_event *done = NULL;
  next_values(it);
  pjrt_buffer *in = lib_up(it, side->mode & SEMANTICS, &done);
  check(pjrt_executable_execute_async(it->session->executable, &in, 1, NULL,
                                      &out, 1, NULL));
  lib_down(it, out, side->mode);
  pjrt_buffer_free(out);
  pjrt_buffer_free(in);
  if (!done) return;
  check(pjrt_event_await(done));
  pjrt_event_free(done);
}

static void bare_down(transfer *it, PJRT_Buffer *buffer, size_t mode) {
  bare *calls = &it->session->bare;
  if (mode & IN_PLACE) {
    check_twice(it, call_view(calls, buffer));
    call_end_view(calls, buffer);
  } else {
    call_download(calls, buffer, it->dst, bytes_of(it));
    check_twice(it, it->dst);
  }
}

static void bare_side_round_trip(void *state) {
  static const PJRT_HostBufferSemantics semantics[] = {
      PJRT_HostBufferSemantics_kImmutableOnlyDuringCall,
      PJRT_HostBufferSemantics_kImmutableUntilTransferCompletes,
      PJRT_HostBufferSemantics_kImmutableZeroCopy,
      PJRT_HostBufferSemantics_kMutableZeroCopy};
  const transfer_side *side = state;
  transfer *it = side->shared;
  bare calls = it->session->bare;
  const size_t which = side->mode & SEMANTICS;
  PJRT_Buffer *out;
  PJRT_Event *done = NULL;
  next_values(it);
  PJRT_Buffer *in = call_upload(&calls, it->src, it->num, semantics[which],
                                which == UNTIL_COMPLETE ? &done : NULL);
  calls.args = &in;
  call_launch(&calls, 1, &out, NULL);
  bare_down(it, out, side->mode);
  call_free(&calls, out);
  call_free(&calls, in);
  if (done) call_await(&calls, done);
}

/* ---- one way ------------------------------------------------------------- */

/* The floor of a copying upload: memory like the plugin's, and one copy. */
static void copy_to_new(void *state) {
  transfer *it = ((transfer_side *)state)->shared;
  float *copy = aligned_alloc(PJRT_HOST_ALIGNMENT, bytes_of(it));
  if (!copy) fail("out of memory");
  memcpy(copy, it->src, bytes_of(it));
  __asm__ volatile("" : : "r"(copy) : "memory"); /* somebody reads it */
  free(copy);
}

static void copy_to_old(void *state) {
  transfer *it = ((transfer_side *)state)->shared;
  memcpy(it->dst, it->src, bytes_of(it));
  __asm__ volatile("" : : "r"(it->dst) : "memory");
}

static void lib_upload(void *state) {
  transfer *it = ((transfer_side *)state)->shared;
  pjrt_buffer_free(lib_up(it, DURING_CALL, NULL));
}

static void bare_side_upload(void *state) {
  transfer *it = ((transfer_side *)state)->shared;
  const int64_t num = (int64_t)it->num;
  bare_upload(&it->session->bare, it->src, &num, num > 1);
}

/* Takes so many of the bytes without a copy. */
static void lib_adopt(void *state) {
  const transfer_side *side = state;
  transfer *it = side->shared;
  const int64_t num = (int64_t)(side->mode / sizeof(float));
  pjrt_buffer *out;
  check(pjrt_buffer_adopt_host(it->session->device, PJRT_F32, &num, 1, it->src,
                               side->mode, PJRT_ADOPT_MUTABLE, NULL, NULL,
                               &out));
  pjrt_buffer_free(out);
}

static void bare_adopt(void *state) {
  const transfer_side *side = state;
  bare_upload_in_place(&side->shared->session->bare, side->shared->src,
                       side->mode);
}

static void lib_download(void *state) {
  transfer *it = ((transfer_side *)state)->shared;
  check(pjrt_buffer_to_host(it->session->args[0], it->dst, bytes_of(it)));
}

static void bare_side_download(void *state) {
  transfer *it = ((transfer_side *)state)->shared;
  bare_download(&it->session->bare, it->dst, bytes_of(it));
}

/* ---- from a file --------------------------------------------------------- */

static void execute_and_view(transfer *it, pjrt_buffer *in) {
  pjrt_buffer *out;
  check(pjrt_executable_execute_async(it->session->executable, &in, 1, NULL,
                                      &out, 1, NULL));
  lib_down(it, out, IN_PLACE);
  pjrt_buffer_free(out);
  pjrt_buffer_free(in);
}

static pjrt_array *map_npy(const transfer *it) {
  pjrt_array *array;
  check(pjrt_npy_read(it->path, PJRT_NUL_ENDED, NULL, &array));
  return array;
}

/* Given to the plugin where it is mapped. */
static void npy_in_place(void *state) {
  transfer *it = ((transfer_side *)state)->shared;
  pjrt_array *array = map_npy(it);
  size_t num_dims;
  const int64_t *dims = pjrt_array_dims(array, &num_dims);
  pjrt_buffer *in;
  check(pjrt_buffer_adopt_host(it->session->device, PJRT_F32, dims, num_dims,
                               pjrt_array_data(array), pjrt_array_size(array),
                               PJRT_ADOPT_READ_ONLY, NULL, NULL, &in));
  execute_and_view(it, in);
  pjrt_array_free(array);
}

static void npy_mapped(void *state) {
  transfer *it = ((transfer_side *)state)->shared;
  pjrt_array *array = map_npy(it);
  pjrt_buffer *in;
  check(pjrt_buffer_from_array(it->session->device, array, &in));
  pjrt_array_free(array);
  execute_and_view(it, in);
}

/* As one would without mapping: the file into memory, and up from there. */
static void npy_read(void *state) {
  transfer *it = ((transfer_side *)state)->shared;
  struct stat facts;
  const int file = open(it->path, O_RDONLY | O_CLOEXEC);
  if (file < 0 || fstat(file, &facts) != 0) fail("cannot open a .npy");
  const size_t size = (size_t)facts.st_size;
  void *image = allocate(1, size);
  if (read(file, image, size) != (ssize_t)size) fail("cannot read a .npy");
  close(file);
  pjrt_array *array;
  pjrt_buffer *in;
  check(pjrt_npy_read_memory(image, size, NULL, &array));
  check(pjrt_buffer_from_array(it->session->device, array, &in));
  pjrt_array_free(array);
  free(image);
  execute_and_view(it, in);
}

static void write_npy(transfer *it) {
  const char *folder = getenv("TMPDIR");
  const int64_t num = (int64_t)it->num;
  pjrt_array *array;
  snprintf(it->path, sizeof it->path, "%s/bench-XXXXXX.npy",
           folder ? folder : P_tmpdir);
  const int file = mkstemps(it->path, 4);
  if (file < 0) fail("cannot write a .npy");
  close(file);
  check(pjrt_array_wrap(PJRT_F32, &num, 1, NULL, it->src, NULL, NULL, &array));
  check(pjrt_npy_write(it->path, PJRT_NUL_ENDED, array));
  pjrt_array_free(array);
}

/* ---- the rows ------------------------------------------------------------ */

static void open_transfer(const bench_setup *setup, const bench_row *row,
                          void **states) {
  transfer *it = allocate(1, sizeof *it);
  void *src, *dst;
  it->num = row->size / sizeof(float);
  it->session = session_open(setup, (program_shape){1, 1, it->num}, 1);
  check(pjrt_host_alloc(row->size, &src));
  check(pjrt_host_alloc(row->size, &dst));
  it->src = src;
  it->dst = dst;
  for (size_t i = 0; i < it->num; i++) it->src[i] = it->dst[i] = 1;
  for (size_t i = 0; i < row_num_sides(row); i++) {
    transfer_side *side = allocate(1, sizeof *side);
    *side = (transfer_side){.shared = it, .mode = row->sides[i].size};
    states[i] = side;
  }
}

static void open_npy(const bench_setup *setup, const bench_row *row,
                     void **states) {
  open_transfer(setup, row, states);
  write_npy(((transfer_side *)states[0])->shared);
}

static void close_transfer(const bench_row *row, void **states) {
  transfer *it = ((transfer_side *)states[0])->shared;
  session_close(it->session);
  if (it->path[0]) unlink(it->path);
  pjrt_host_free(it->src);
  pjrt_host_free(it->dst);
  free(it);
  for (size_t i = 0; i < row_num_sides(row); i++) free(states[i]);
}

#define ROUND_TRIP_SIDES                                                      \
  {{"bare, during call", bare_side_round_trip, DURING_CALL, 1},               \
   {"library, during call", lib_round_trip, DURING_CALL, 1},                  \
   {"bare, until complete", bare_side_round_trip, UNTIL_COMPLETE, 1},         \
   {"library, until complete", lib_round_trip, UNTIL_COMPLETE, 1},            \
   {"bare, zero copy", bare_side_round_trip, ZERO_COPY, 1},                   \
   {"library, zero copy", lib_round_trip, ZERO_COPY, 1},                      \
   {"bare, mutable", bare_side_round_trip, MUTABLE_ZERO_COPY, 1},             \
   {"library, mutable", lib_round_trip, MUTABLE_ZERO_COPY, 1},                \
   {"bare, during call, in place", bare_side_round_trip,                      \
    DURING_CALL | IN_PLACE, 1},                                               \
   {"library, during call, in place", lib_round_trip, DURING_CALL | IN_PLACE, \
    1},                                                                       \
   {"bare, until complete, in place", bare_side_round_trip,                   \
    UNTIL_COMPLETE | IN_PLACE, 1},                                            \
   {"library, until complete, in place", lib_round_trip,                      \
    UNTIL_COMPLETE | IN_PLACE, 1},                                            \
   {"bare, zero copy, in place", bare_side_round_trip, ZERO_COPY | IN_PLACE,  \
    1},                                                                       \
   {"library, zero copy, in place", lib_round_trip, ZERO_COPY | IN_PLACE, 1}, \
   {"bare, mutable, in place", bare_side_round_trip,                          \
    MUTABLE_ZERO_COPY | IN_PLACE, 1},                                         \
   {"library, mutable, in place", lib_round_trip,                             \
    MUTABLE_ZERO_COPY | IN_PLACE, 1}}
#define UPLOAD_SIDES                     \
  {{"memcpy to new", copy_to_new, 0, 1}, \
   {"bare", bare_side_upload, 0, 1},     \
   {"library", lib_upload, 0, 1}}
#define DOWNLOAD_SIDES                 \
  {{"memcpy", copy_to_old, 0, 1},      \
   {"bare", bare_side_download, 0, 1}, \
   {"library", lib_download, 0, 1}}
#define NPY_SIDES                           \
  {{"read and copied", npy_read, 0, 1},     \
   {"mapped and copied", npy_mapped, 0, 1}, \
   {"mapped, in place", npy_in_place, 0, 1}}

enum { KB4 = 4 << 10, MB1 = 1 << 20, MB64 = 64 << 20 };

const bench_row transfer_rows[] = {
    {"round trip: 4 B", open_transfer, close_transfer, 4, ROUND_TRIP_SIDES},
    {"round trip: 4 KB", open_transfer, close_transfer, KB4, ROUND_TRIP_SIDES},
    {"round trip: 1 MB", open_transfer, close_transfer, MB1, ROUND_TRIP_SIDES},
    {"round trip: 64 MB", open_transfer, close_transfer, MB64,
     ROUND_TRIP_SIDES},
    {"upload: 4 KB", open_transfer, close_transfer, KB4, UPLOAD_SIDES},
    {"upload: 1 MB", open_transfer, close_transfer, MB1, UPLOAD_SIDES},
    {"upload: 64 MB", open_transfer, close_transfer, MB64, UPLOAD_SIDES},
    {"upload: in place",
     open_transfer,
     close_transfer,
     MB64,
     {{"library, 4 KB", lib_adopt, KB4, 1},
      {"library, 1 MB", lib_adopt, MB1, 1},
      {"library, 64 MB", lib_adopt, MB64, 1},
      {"bare, 4 KB", bare_adopt, KB4, 1},
      {"bare, 64 MB", bare_adopt, MB64, 1}}},
    {"upload: .npy, 1 MB", open_npy, close_transfer, MB1, NPY_SIDES},
    {"upload: .npy, 64 MB", open_npy, close_transfer, MB64, NPY_SIDES},
    {"download: 4 KB", open_transfer, close_transfer, KB4, DOWNLOAD_SIDES},
    {"download: 1 MB", open_transfer, close_transfer, MB1, DOWNLOAD_SIDES},
    {"download: 64 MB", open_transfer, close_transfer, MB64, DOWNLOAD_SIDES},
    {0}};
