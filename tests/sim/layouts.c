/* How arrays lie in memory: padded tiles, packed elements, and dynamic
 * dimensions. Where a number is of a real plugin's making, it says so. */
#include "check.h"

/* ---- helpers ------------------------------------------------------------- */

static void use_tiles(void) {
  pjrt_sim_options options = default_options();
  options.tiled_layouts = true;
  use_options(&options);
}

/* In the i-th memory of device 0. */
static PJRT_Buffer *upload_in(PJRT_Client *client, size_t i,
                              PJRT_Buffer_Type type, const int64_t *dims,
                              size_t num_dims, const void *data) {
  const host_array array = {.client = client,
                            .data = data,
                            .type = type,
                            .dims = dims,
                            .num_dims = num_dims,
                            .memory = memory_of(device_of(client, 0), i)};
  PJRT_Buffer *buffer;
  return upload(array, &buffer, NULL) ? NULL : buffer;
}

static size_t device_size(PJRT_Buffer *buffer) {
  ARGS(PJRT_Buffer_OnDeviceSizeInBytes, .buffer = buffer);
  if (api->PJRT_Buffer_OnDeviceSizeInBytes(&args)) return 0;
  return args.on_device_size_in_bytes;
}

/* What lies on the device, to be freed. */
static unsigned char *raw_bytes(PJRT_Buffer *buffer) {
  const size_t size = device_size(buffer);
  unsigned char *bytes = calloc(1, size + 1);
  ARGS(PJRT_Buffer_CopyRawToHost, .buffer = buffer, .dst = bytes,
       .transfer_size = (int64_t)size);
  if (api->PJRT_Buffer_CopyRawToHost(&args) || await_free(args.event)) abort();
  return bytes;
}

/* Whether the buffer has these bytes on the host, and no more. */
static bool holds(PJRT_Buffer *buffer, const void *expected, size_t size) {
  ARGS(PJRT_Buffer_ToHostBuffer, .src = buffer);
  if (api->PJRT_Buffer_ToHostBuffer(&args) || args.dst_size != size)
    return false;
  unsigned char *bytes = calloc(1, size + 1);
  args.dst = bytes;
  bytes[size] = 0xa5;
  const bool is_so =
      !api->PJRT_Buffer_ToHostBuffer(&args) && !await_free(args.event) &&
      (size == 0 || !memcmp(bytes, expected, size)) && bytes[size] == 0xa5;
  free(bytes);
  return is_so;
}

static PJRT_Error *run(PJRT_LoadedExecutable *loaded, PJRT_Buffer *const *in,
                       size_t num_args, PJRT_Buffer **out) {
  PJRT_Event *done;
  PJRT_Error *error = execute(loaded, in, num_args, out, &done);
  return error ? error : await_free(done);
}

static void fill(float *data, size_t num) {
  for (size_t i = 0; i < num; i++) data[i] = (float)(i + 1);
}

/* ---- tiles --------------------------------------------------------------- */

enum { PLANES = 2, ROWS = 10, COLUMNS = 130, NUM = PLANES * ROWS * COLUMNS };
static const int64_t deep_dims[] = {PLANES, ROWS, COLUMNS};
/* 2 by 2 tiles in each plane. */
enum { TILED_SIZE = PLANES * 4 * 8 * 128 * sizeof(float) };

/* Every element is in its place, and the rest is empty. */
static bool lies_tiled(const float *bytes, const float *data) {
  size_t num_found = 0;
  for (size_t i = 0; i < TILED_SIZE / sizeof(float); i++) {
    const size_t tile = i / 1024, in_tile = i % 1024;
    const size_t plane = tile / 4;
    const size_t row = tile % 4 / 2 * 8 + in_tile / 128;
    const size_t column = tile % 2 * 128 + in_tile % 128;
    const bool is_there = row < ROWS && column < COLUMNS;
    const size_t at = (plane * ROWS + row) * COLUMNS + column;
    if (bytes[i] != (is_there ? data[at] : 0)) return false;
    num_found += is_there;
  }
  return num_found == NUM;
}

static void check_tiles(void) {
  float data[NUM];
  use_tiles();
  fill(data, NUM);
  PJRT_Client *client = new_client();
  PJRT_Buffer *buffer =
      upload_in(client, 0, PJRT_Buffer_Type_F32, deep_dims, 3, data);
  CHECK(buffer && device_size(buffer) == TILED_SIZE);
  float *bytes = (void *)raw_bytes(buffer);
  CHECK(lies_tiled(bytes, data));
  CHECK(holds(buffer, data, sizeof(data)));
  ARGS(PJRT_Buffer_UnsafePointer, .buffer = buffer);
  CHECK(!api->PJRT_Buffer_UnsafePointer(&args));
  CHECK(!memcmp((void *)args.buffer_pointer, bytes, TILED_SIZE));
  MAKE(layout, PJRT_Buffer_GetMemoryLayout, .buffer = buffer);
  CHECK(!api->PJRT_Buffer_GetMemoryLayout(&layout));
  const PJRT_Buffer_MemoryLayout_Tiled *tiled = &layout.layout.tiled;
  CHECK(tiled->num_tiles == 1 && tiled->tile_dim_sizes[0] == 2);
  CHECK(tiled->tile_dims[0] == 8 && tiled->tile_dims[1] == 128);
  CHECK(tiled->minor_to_major_size == 3 && tiled->minor_to_major[0] == 2);
  MAKE(stats, PJRT_Device_MemoryStats, .device = device_of(client, 0));
  CHECK(!api->PJRT_Device_MemoryStats(&stats));
  CHECK(stats.bytes_in_use == TILED_SIZE);
  free(bytes);
  free_buffer(buffer);
  free_client(client);
}

static void check_raw_tiles(void) {
  float data[NUM], written[4] = {-1, -2, -3, -4};
  use_tiles();
  fill(data, NUM);
  const PJRT_RawBuffer_Extension *raw =
      find_extension(PJRT_Extension_Type_RawBuffer);
  PJRT_Client *client = new_client();
  PJRT_Buffer *buffer =
      upload_in(client, 0, PJRT_Buffer_Type_F32, deep_dims, 3, data);
  ARGS(PJRT_RawBuffer_CreateRawAliasOfBuffer, .buffer = buffer);
  CHECK(!raw->PJRT_RawBuffer_CreateRawAliasOfBuffer(&args));
  MAKE(size, PJRT_RawBuffer_GetOnDeviceSizeInBytes, .buffer = args.raw_buffer);
  CHECK(!raw->PJRT_RawBuffer_GetOnDeviceSizeInBytes(&size));
  CHECK(size.on_device_size_in_bytes == TILED_SIZE);
  /* The second row of the first tile. */
  MAKE(in, PJRT_RawBuffer_CopyRawHostToDevice, .buffer = args.raw_buffer,
       .src = written, .offset = 128 * sizeof(float),
       .transfer_size = sizeof(written));
  CHECK(!raw->PJRT_RawBuffer_CopyRawHostToDevice(&in) && !await_free(in.event));
  memcpy(data + COLUMNS, written, sizeof(written));
  CHECK(holds(buffer, data, sizeof(data)));
  MAKE(destroy, PJRT_RawBuffer_Destroy, .buffer = args.raw_buffer);
  CHECK(!raw->PJRT_RawBuffer_Destroy(&destroy));
  free_buffer(buffer);
  free_client(client);
}

/* A host layout is a matter of its own. */
static void check_host_layouts(void) {
  static const int64_t dims[] = {2, 3}, order[] = {0, 1};
  static const float data[] = {1, 2, 3, 4, 5, 6};
  static const float expected[] = {1, 4, 2, 5, 3, 6};
  float read[6];
  use_tiles();
  PJRT_Client *client = new_client();
  PJRT_Buffer *buffer =
      upload_in(client, 0, PJRT_Buffer_Type_F32, dims, 2, data);
  PJRT_Buffer_MemoryLayout layout = {
      .struct_size = PJRT_Buffer_MemoryLayout_STRUCT_SIZE,
      .tiled = {.struct_size = PJRT_Buffer_MemoryLayout_Tiled_STRUCT_SIZE,
                .minor_to_major = order,
                .minor_to_major_size = 2}};
  ARGS(PJRT_Buffer_ToHostBuffer, .src = buffer, .host_layout = &layout,
       .dst = read, .dst_size = sizeof(read));
  CHECK(!api->PJRT_Buffer_ToHostBuffer(&args) && !await_free(args.event));
  CHECK(!memcmp(read, expected, sizeof(read)));
  layout.tiled.num_tiles = 1;
  CHECK(says(api->PJRT_Buffer_ToHostBuffer(&args),
             PJRT_Error_Code_UNIMPLEMENTED, "only dense layouts"));
  free_buffer(buffer);
  free_client(client);
}

/* ---- layouts that are asked for ------------------------------------------ */

typedef struct layout_case {
  int64_t order[2];
  size_t num_tiles;
  int64_t tile[2];
  PJRT_Error_Code in_tiles, dense;
  const char *message;
} layout_case;

static const layout_case layout_cases[] = {
    {{1, 0},
     0,
     {0, 0},
     PJRT_Error_Code_UNIMPLEMENTED,
     PJRT_Error_Code_OK,
     "this memory holds tiles of 8 by 128 alone"},
    {{1, 0},
     1,
     {8, 128},
     PJRT_Error_Code_OK,
     PJRT_Error_Code_UNIMPLEMENTED,
     "this memory holds no tiles"},
    {{1, 0},
     1,
     {16, 128},
     PJRT_Error_Code_UNIMPLEMENTED,
     PJRT_Error_Code_UNIMPLEMENTED,
     "this memory holds"},
    {{0, 1},
     1,
     {8, 128},
     PJRT_Error_Code_UNIMPLEMENTED,
     PJRT_Error_Code_UNIMPLEMENTED,
     "device layouts other than row-major"},
    {{1, 1},
     0,
     {0, 0},
     PJRT_Error_Code_INVALID_ARGUMENT,
     PJRT_Error_Code_INVALID_ARGUMENT,
     "a broken layout"},
};

static bool answers(PJRT_Client *client, const layout_case *c, bool tiles) {
  static const int64_t dims[] = {2, 3};
  static const float data[6] = {0};
  static const size_t ranks[] = {2};
  const PJRT_Error_Code expected = tiles ? c->in_tiles : c->dense;
  PJRT_Buffer *buffer;
  const PJRT_Buffer_MemoryLayout layout = {
      .struct_size = PJRT_Buffer_MemoryLayout_STRUCT_SIZE,
      .tiled = {.struct_size = PJRT_Buffer_MemoryLayout_Tiled_STRUCT_SIZE,
                .minor_to_major = c->order,
                .minor_to_major_size = 2,
                .tile_dims = c->tile,
                .tile_dim_sizes = ranks,
                .num_tiles = c->num_tiles}};
  const host_array array = {
      .client = client,
      .data = data,
      .type = PJRT_Buffer_Type_F32,
      .dims = dims,
      .num_dims = 2,
      .device = device_of(client, 0),
      .device_layout = (PJRT_Buffer_MemoryLayout *)(uintptr_t)&layout};
  PJRT_Error *error = upload(array, &buffer, NULL);
  if (expected) return says(error, expected, c->message);
  if (error) return false;
  free_buffer(buffer);
  return true;
}

static void check_device_layouts(void) {
  for (int tiles = 0; tiles < 2; tiles++) {
    if (tiles) use_tiles();
    PJRT_Client *client = new_client();
    for (size_t i = 0; i < sizeof layout_cases / sizeof *layout_cases; i++)
      CHECK(answers(client, &layout_cases[i], tiles));
    free_client(client);
  }
}

/* ---- layouts as text ----------------------------------------------------- */

/* Whether it reads so, and can be destroyed. */
static bool ends_as(PJRT_Layouts_MemoryLayout *layout, const char *expected) {
  const bool is_so = layout_reads(layout, expected);
  return !destroy_layout(layout) && is_so;
}

static void check_default_layouts(void) {
  static const int64_t dims[] = {2, 3};
  use_tiles();
  PJRT_Client *client = new_client();
  ARGS(PJRT_Layouts_PJRT_Client_GetDefaultLayout, .client = client,
       .type = PJRT_Buffer_Type_F32, .dims = dims, .num_dims = 2);
  CHECK(!layouts()->PJRT_Layouts_PJRT_Client_GetDefaultLayout(&args));
  CHECK(ends_as(args.layout, "{1,0:T(8,128)}"));
  args.type = PJRT_Buffer_Type_S4;
  CHECK(!layouts()->PJRT_Layouts_PJRT_Client_GetDefaultLayout(&args));
  CHECK(ends_as(args.layout, "{1,0:T(8,128)E(4)}"));
  args.num_dims = 1;
  CHECK(!layouts()->PJRT_Layouts_PJRT_Client_GetDefaultLayout(&args));
  CHECK(ends_as(args.layout, "{0:E(4)}"));
  MAKE(own, PJRT_TopologyDescription_Create, .create_options = NULL);
  CHECK(!api->PJRT_TopologyDescription_Create(&own));
  MAKE(topology, PJRT_Layouts_PJRT_Topology_GetDefaultLayout,
       .topology_description = own.topology, .type = PJRT_Buffer_Type_F32,
       .dims = dims, .num_dims = 2);
  CHECK(!layouts()->PJRT_Layouts_PJRT_Topology_GetDefaultLayout(&topology));
  CHECK(ends_as(topology.layout, "{1,0:T(8,128)}"));
  MAKE(destroy, PJRT_TopologyDescription_Destroy, .topology = own.topology);
  CHECK(!api->PJRT_TopologyDescription_Destroy(&destroy));
  free_client(client);
}

static void check_layouts_of_things(void) {
  static const int64_t dims[] = {2, 3};
  static const char *const texts[] = {"{1,0:T(8,128)}", "{1,0}"};
  static const float data[6] = {0};
  use_tiles();
  PJRT_Client *client = new_client();
  PJRT_LoadedExecutable *loaded;
  for (size_t i = 0; i < 2; i++) {
    PJRT_Buffer *buffer =
        upload_in(client, i, PJRT_Buffer_Type_F32, dims, 2, data);
    ARGS(PJRT_Layouts_PJRT_Buffer_MemoryLayout, .buffer = buffer);
    CHECK(!layouts()->PJRT_Layouts_PJRT_Buffer_MemoryLayout(&args));
    CHECK(ends_as(args.layout, texts[i]));
    free_buffer(buffer);
  }
  CHECK(!compile(client,
                 "func.func @main(%a: tensor<2x3xf32>, %b: tensor<6xf32>) -> "
                 "tensor<2x3xf32> { return %a : tensor<2x3xf32> }",
                 1, &loaded));
  PJRT_Executable *executable = executable_of(loaded);
  ARGS(PJRT_Layouts_PJRT_Executable_GetParameterLayouts,
       .executable = executable);
  CHECK(!layouts()->PJRT_Layouts_PJRT_Executable_GetParameterLayouts(&args));
  CHECK(layout_reads(args.layouts[0], texts[0]) &&
        layout_reads(args.layouts[1], "{0}"));
  MAKE(outputs, PJRT_Layouts_PJRT_Executable_GetOutputLayouts,
       .executable = executable);
  CHECK(!layouts()->PJRT_Layouts_PJRT_Executable_GetOutputLayouts(&outputs));
  CHECK(layout_reads(outputs.layouts[0], texts[0]));
  MAKE(stats, PJRT_Executable_GetCompiledMemoryStats, .executable = executable);
  CHECK(!api->PJRT_Executable_GetCompiledMemoryStats(&stats));
  CHECK(stats.argument_size_in_bytes == 4096 + 24);
  CHECK(stats.output_size_in_bytes == 4096);
  free_executable(executable);
  free_loaded(loaded);
  free_client(client);
}

/* ---- narrow elements ----------------------------------------------------- */

/* The dense bytes are those of a real plugin. */
static void check_narrow_elements(void) {
  static const int64_t flat[] = {5}, dims[] = {2, 3};
  static const signed char fours[] = {1, 2, 3, -4, 5, 6};
  static const unsigned char masked[] = {1, 2, 3, 12, 5, 6};
  static const unsigned char packed[] = {0x21, 0xc3, 0x05};
  use_tiles();
  PJRT_Client *client = new_client();
  PJRT_Buffer *buffer =
      upload_in(client, 0, PJRT_Buffer_Type_S4, flat, 1, fours);
  unsigned char *bytes = raw_bytes(buffer);
  CHECK(device_size(buffer) == 3 && !memcmp(bytes, packed, 3));
  CHECK(holds(buffer, masked, 5));
  free(bytes);
  free_buffer(buffer);
  buffer = upload_in(client, 0, PJRT_Buffer_Type_S4, dims, 2, fours);
  bytes = raw_bytes(buffer);
  CHECK(device_size(buffer) == 512);
  CHECK(bytes[0] == 0x21 && bytes[1] == 0x03);   /* the first row */
  CHECK(bytes[64] == 0x5c && bytes[65] == 0x06); /* the second */
  CHECK(holds(buffer, masked, 6));
  free(bytes);
  free_buffer(buffer);
  free_client(client);
}

/* ---- what is done with tiled buffers ------------------------------------- */

static void check_computing(void) {
  enum { R = 9, C = 200 };
  static const int64_t dims[] = {R, C};
  float data[R * C], expected[C * R];
  use_tiles();
  fill(data, R * C);
  for (int i = 0; i < R * C; i++) expected[i % C * R + i / C] = data[i];
  PJRT_Client *client = new_client();
  PJRT_LoadedExecutable *loaded;
  CHECK(!compile(client,
                 "func.func @main(%a: tensor<9x200xf32>) -> tensor<200x9xf32> "
                 "{ %0 = stablehlo.transpose %a, dims = [1, 0] : "
                 "(tensor<9x200xf32>) -> tensor<200x9xf32>\n"
                 "return %0 : tensor<200x9xf32> }",
                 1, &loaded));
  for (size_t memory = 0; memory < 2; memory++) {
    PJRT_Buffer *in =
        upload_in(client, memory, PJRT_Buffer_Type_F32, dims, 2, data);
    PJRT_Buffer *out;
    CHECK(!run(loaded, &in, 1, &out));
    CHECK(device_size(out) == 25 * 8 * 128 * sizeof(float));
    CHECK(holds(out, expected, sizeof(expected)));
    free_buffer(in);
    free_buffer(out);
  }
  free_loaded(loaded);
  free_client(client);
}

/* Between memories that differ in layout. */
static void check_copies(void) {
  float data[NUM];
  use_tiles();
  fill(data, NUM);
  PJRT_Client *client = new_client();
  PJRT_Buffer *buffer =
      upload_in(client, 0, PJRT_Buffer_Type_F32, deep_dims, 3, data);
  ARGS(PJRT_Buffer_CopyToMemory, .buffer = buffer,
       .dst_memory = memory_of(device_of(client, 0), 1));
  CHECK(!api->PJRT_Buffer_CopyToMemory(&args));
  CHECK(device_size(args.dst_buffer) == sizeof(data));
  unsigned char *bytes = raw_bytes(args.dst_buffer);
  CHECK(!memcmp(bytes, data, sizeof(data)));
  MAKE(back, PJRT_Buffer_CopyToMemory, .buffer = args.dst_buffer,
       .dst_memory = memory_of(device_of(client, 0), 0));
  CHECK(!api->PJRT_Buffer_CopyToMemory(&back));
  float *tiled = (void *)raw_bytes(back.dst_buffer);
  CHECK(lies_tiled(tiled, data));
  free(bytes);
  free(tiled);
  free_buffer(buffer);
  free_buffer(args.dst_buffer);
  free_buffer(back.dst_buffer);
  free_client(client);
}

/* A literal is in host form; data is as it is to lie there. */
static void check_transfers(void) {
  static const int64_t dims[] = {2, 3};
  static const float data[] = {1, 2, 3, 4, 5, 6};
  float tile[1024] = {1, 2, 3, [128] = 4, 5, 6};
  use_tiles();
  PJRT_Client *client = new_client();
  PJRT_ShapeSpec specs[2];
  for (int i = 0; i < 2; i++)
    specs[i] = (PJRT_ShapeSpec){.struct_size = PJRT_ShapeSpec_STRUCT_SIZE,
                                .dims = dims,
                                .num_dims = 2,
                                .element_type = PJRT_Buffer_Type_F32};
  ARGS(PJRT_Client_CreateBuffersForAsyncHostToDevice, .client = client,
       .shape_specs = specs, .num_shape_specs = 2,
       .memory = memory_of(device_of(client, 0), 0));
  CHECK(!api->PJRT_Client_CreateBuffersForAsyncHostToDevice(&args));
  MAKE(size, PJRT_AsyncHostToDeviceTransferManager_BufferSize,
       .transfer_manager = args.transfer_manager);
  CHECK(!api->PJRT_AsyncHostToDeviceTransferManager_BufferSize(&size));
  CHECK(size.buffer_size == sizeof(tile));
  MAKE(literal, PJRT_AsyncHostToDeviceTransferManager_TransferLiteral,
       .transfer_manager = args.transfer_manager, .data = data,
       .shape_dims = dims, .shape_num_dims = 2,
       .shape_element_type = PJRT_Buffer_Type_F32);
  CHECK(!api->PJRT_AsyncHostToDeviceTransferManager_TransferLiteral(&literal));
  CHECK(!await_free(literal.done_with_h2d_transfer));
  MAKE(bytes, PJRT_AsyncHostToDeviceTransferManager_TransferData,
       .transfer_manager = args.transfer_manager, .buffer_index = 1,
       .data = tile, .transfer_size = sizeof(tile), .is_last_transfer = true);
  CHECK(!api->PJRT_AsyncHostToDeviceTransferManager_TransferData(&bytes));
  CHECK(!await_free(bytes.done_with_h2d_transfer));
  for (int i = 0; i < 2; i++) {
    MAKE(take, PJRT_AsyncHostToDeviceTransferManager_RetrieveBuffer,
         .transfer_manager = args.transfer_manager, .buffer_index = i);
    CHECK(!api->PJRT_AsyncHostToDeviceTransferManager_RetrieveBuffer(&take));
    CHECK(holds(take.buffer_out, data, sizeof(data)));
    free_buffer(take.buffer_out);
  }
  MAKE(destroy, PJRT_AsyncHostToDeviceTransferManager_Destroy,
       .transfer_manager = args.transfer_manager);
  CHECK(!api->PJRT_AsyncHostToDeviceTransferManager_Destroy(&destroy));
  free_client(client);
}

/* What counts are the bytes on the device. */
static void check_bitcasts(void) {
  static const int64_t tile[] = {8, 128}, flat[] = {1024}, small[] = {2, 3};
  float data[1024];
  use_tiles();
  fill(data, 1024);
  PJRT_Client *client = new_client();
  PJRT_Buffer *buffer =
      upload_in(client, 0, PJRT_Buffer_Type_F32, small, 2, data);
  ARGS(PJRT_Buffer_Bitcast, .buffer = buffer,
       .element_type = PJRT_Buffer_Type_F32, .dims = small, .num_dims = 1);
  CHECK(says(api->PJRT_Buffer_Bitcast(&args), PJRT_Error_Code_INVALID_ARGUMENT,
             "bitcast of 4096 bytes to 8"));
  free_buffer(buffer);
  buffer = upload_in(client, 0, PJRT_Buffer_Type_F32, tile, 2, data);
  args.buffer = buffer;
  args.dims = flat;
  CHECK(!api->PJRT_Buffer_Bitcast(&args));
  CHECK(holds(args.out_buffer, data, sizeof(data)));
  free_buffer(buffer);
  free_buffer(args.out_buffer);
  free_client(client);
}

/* ---- dynamic dimensions -------------------------------------------------- */

#define STATIC "tensor<2x3xf32>"
#define DYNAMIC "tensor<2x?xf32, #stablehlo.bounds<?, 3>>"
#define BOTH "tensor<?x?xf32, #stablehlo.bounds<2, 3>>"
#define SIZE "tensor<i32>"

static const char cut_program[] =
    "func.func @main(%a: " STATIC ", %n: " SIZE ", %m: " SIZE ") -> (" DYNAMIC
    ", " BOTH
    ") {\n"
    "  %0 = stablehlo.set_dimension_size %a, %n, dim = 1 : (" STATIC ", " SIZE
    ") -> " DYNAMIC
    "\n"
    "  %1 = stablehlo.set_dimension_size %0, %m, dim = 0 : (" DYNAMIC ", " SIZE
    ") -> " BOTH
    "\n"
    "  return %0, %1 : " DYNAMIC ", " BOTH "\n}\n";

static const float six[] = {1, 2, 3, 4, 5, 6};

static PJRT_Error *cut(PJRT_Client *client, int32_t columns, int32_t rows,
                       PJRT_Buffer *outs[2]) {
  static const int64_t dims[] = {2, 3};
  PJRT_LoadedExecutable *loaded;
  PJRT_Error *error = compile(client, cut_program, 1, &loaded);
  if (error) return error;
  PJRT_Buffer *in[] = {
      upload_in(client, 0, PJRT_Buffer_Type_F32, dims, 2, six),
      upload_in(client, 0, PJRT_Buffer_Type_S32, NULL, 0, &columns),
      upload_in(client, 0, PJRT_Buffer_Type_S32, NULL, 0, &rows)};
  error = run(loaded, in, 3, outs);
  for (int i = 0; i < 3; i++) free_buffer(in[i]);
  free_loaded(loaded);
  return error;
}

static bool has_sizes(PJRT_Buffer *buffer, int64_t rows, int64_t columns) {
  ARGS(PJRT_Buffer_Dimensions, .buffer = buffer);
  MAKE(present, PJRT_Buffer_UnpaddedDimensions, .buffer = buffer);
  return !api->PJRT_Buffer_Dimensions(&args) && args.num_dims == 2 &&
         args.dims[0] == 2 && args.dims[1] == 3 &&
         !api->PJRT_Buffer_UnpaddedDimensions(&present) &&
         present.num_dims == 2 && present.unpadded_dims[0] == rows &&
         present.unpadded_dims[1] == columns;
}

static bool is_dynamic_in(PJRT_Buffer *buffer, size_t num, size_t first) {
  ARGS(PJRT_Buffer_DynamicDimensionIndices, .buffer = buffer);
  return !api->PJRT_Buffer_DynamicDimensionIndices(&args) &&
         args.num_dynamic_dims == num && args.dynamic_dim_indices[0] == first;
}

/* The sizes, the packed elements, and where on the device the sizes are, are
 * those of the CPU plugin of 0.115. */
static void check_dynamic(void) {
  static const float two_columns[] = {1, 2, 4, 5};
  static const int32_t sizes[] = {2, 2};
  PJRT_Client *client = new_client();
  PJRT_Buffer *outs[2];
  CHECK(!cut(client, 2, 1, outs));
  CHECK(has_sizes(outs[0], 2, 2) && is_dynamic_in(outs[0], 1, 1));
  CHECK(has_sizes(outs[1], 1, 2) && is_dynamic_in(outs[1], 2, 0));
  CHECK(device_size(outs[0]) == 32);
  unsigned char *bytes = raw_bytes(outs[0]);
  CHECK(!memcmp(bytes, two_columns, sizeof(two_columns)));
  CHECK(!memcmp(bytes + 24, sizes, sizeof(sizes)));
  CHECK(holds(outs[0], two_columns, sizeof(two_columns)));
  CHECK(holds(outs[1], two_columns, 2 * sizeof(float)));
  free(bytes);
  free_buffer(outs[0]);
  free_buffer(outs[1]);
  CHECK(!cut(client, 3, 2, outs));
  CHECK(has_sizes(outs[1], 2, 3) && holds(outs[1], six, sizeof(six)));
  free_buffer(outs[0]);
  free_buffer(outs[1]);
  CHECK(!cut(client, 0, 2, outs));
  CHECK(has_sizes(outs[1], 2, 0) && holds(outs[1], NULL, 0));
  free_buffer(outs[0]);
  free_buffer(outs[1]);
  free_client(client);
}

/* A real plugin writes past its memory here. */
static void check_sizes_beyond(void) {
  const char why[] = "2:8: stablehlo.set_dimension_size: size 4 of dimension 1";
  PJRT_Client *client = new_client();
  PJRT_Buffer *outs[2];
  CHECK(says(cut(client, 4, 2, outs), PJRT_Error_Code_INVALID_ARGUMENT, why));
  MAKE(present, PJRT_Buffer_UnpaddedDimensions, .buffer = outs[0]);
  CHECK(says(api->PJRT_Buffer_UnpaddedDimensions(&present),
             PJRT_Error_Code_INVALID_ARGUMENT, why));
  free_buffer(outs[0]);
  free_buffer(outs[1]);
  free_client(client);
}

/* Sizes that somebody else wrote there are never beyond the bounds. */
static void check_broken_sizes(void) {
  static const int32_t broken[] = {77, INT32_MIN};
  const PJRT_RawBuffer_Extension *raw =
      find_extension(PJRT_Extension_Type_RawBuffer);
  PJRT_Client *client = new_client();
  PJRT_Buffer *outs[2];
  CHECK(!cut(client, 2, 2, outs));
  ARGS(PJRT_RawBuffer_CreateRawAliasOfBuffer, .buffer = outs[1]);
  CHECK(!raw->PJRT_RawBuffer_CreateRawAliasOfBuffer(&args));
  MAKE(in, PJRT_RawBuffer_CopyRawHostToDevice, .buffer = args.raw_buffer,
       .src = broken, .offset = 24, .transfer_size = sizeof(broken));
  CHECK(!raw->PJRT_RawBuffer_CopyRawHostToDevice(&in) && !await_free(in.event));
  CHECK(has_sizes(outs[1], 2, 0));
  MAKE(destroy, PJRT_RawBuffer_Destroy, .buffer = args.raw_buffer);
  CHECK(!raw->PJRT_RawBuffer_Destroy(&destroy));
  free_buffer(outs[0]);
  free_buffer(outs[1]);
  free_client(client);
}

static const char double_program[] =
    "func.func @main(%a: " DYNAMIC ") -> " DYNAMIC
    " {\n"
    "  %0 = stablehlo.add %a, %a : " DYNAMIC
    "\n"
    "  return %0 : " DYNAMIC "\n}\n";

static void check_dynamic_arguments(void) {
  static const float doubled[] = {2, 4, 8, 10};
  static const int64_t dims[] = {2, 3};
  for (int tiles = 0; tiles < 2; tiles++) {
    if (tiles) use_tiles();
    PJRT_Client *client = new_client();
    PJRT_Buffer *outs[2], *out;
    PJRT_LoadedExecutable *loaded;
    CHECK(!compile(client, double_program, 1, &loaded));
    CHECK(!cut(client, 2, 2, outs));
    CHECK(device_size(outs[0]) == (tiles ? 4096 + 8 : 32));
    CHECK(!run(loaded, &outs[0], 1, &out));
    CHECK(has_sizes(out, 2, 2) && holds(out, doubled, sizeof(doubled)));
    free_buffer(out);
    ARGS(PJRT_Buffer_CopyToMemory, .buffer = outs[0],
         .dst_memory = memory_of(device_of(client, 0), 1));
    CHECK(!api->PJRT_Buffer_CopyToMemory(&args));
    CHECK(device_size(args.dst_buffer) == 32);
    CHECK(!run(loaded, &args.dst_buffer, 1, &out));
    CHECK(has_sizes(out, 2, 2) && holds(out, doubled, sizeof(doubled)));
    free_buffer(out);
    free_buffer(args.dst_buffer);
    PJRT_Buffer *fixed =
        upload_in(client, 0, PJRT_Buffer_Type_F32, dims, 2, six);
    CHECK(says(run(loaded, &fixed, 1, &out), PJRT_Error_Code_INVALID_ARGUMENT,
               tiles ? "argument 0 has 4096 bytes, expected 4104"
                     : "argument 0 has 24 bytes, expected 32"));
    free_buffer(fixed);
    free_buffer(outs[0]);
    free_buffer(outs[1]);
    free_loaded(loaded);
    free_client(client);
  }
}

/* Without computing, the signature alone makes outputs dynamic. */
static void check_dynamic_echoes(void) {
  static const int64_t dims[] = {2, 3};
  pjrt_sim_options options = default_options();
  options.execution = PJRT_SIM_ECHO;
  use_options(&options);
  PJRT_Client *client = new_client();
  PJRT_Buffer *outs[2], *again;
  PJRT_LoadedExecutable *loaded;
  CHECK(!cut(client, 1, 1, outs));
  CHECK(has_sizes(outs[0], 2, 0) && is_dynamic_in(outs[1], 2, 0));
  CHECK(!compile(client, double_program, 1, &loaded));
  CHECK(!run(loaded, outs, 1, &again) && has_sizes(again, 2, 0));
  free_buffer(again);
  free_buffer(outs[0]);
  free_buffer(outs[1]);
  again = upload_in(client, 0, PJRT_Buffer_Type_F32, dims, 2, six);
  CHECK(says(run(loaded, &again, 1, outs), PJRT_Error_Code_INVALID_ARGUMENT,
             "argument 0 has 24 bytes, expected 32"));
  free_loaded(loaded);
  CHECK(
      says(compile(client, "func.func @main(%a: tensor<?xf32>) {", 1, &loaded),
           PJRT_Error_Code_INVALID_ARGUMENT, "cannot parse the signature"));
  free_buffer(again);
  free_client(client);
}

/* ---- all ----------------------------------------------------------------- */

void suite_layouts(void) {
  run_check("tiles", check_tiles);
  run_check("raw-tiles", check_raw_tiles);
  run_check("host-layouts", check_host_layouts);
  run_check("device-layouts", check_device_layouts);
  run_check("default-layouts", check_default_layouts);
  run_check("layouts-of-things", check_layouts_of_things);
  run_check("narrow-elements", check_narrow_elements);
  run_check("tiled-computing", check_computing);
  run_check("tiled-copies", check_copies);
  run_check("tiled-transfers", check_transfers);
  run_check("tiled-bitcasts", check_bitcasts);
  run_check("dynamic-dims", check_dynamic);
  run_check("sizes-beyond-bounds", check_sizes_beyond);
  run_check("broken-sizes", check_broken_sizes);
  run_check("dynamic-arguments", check_dynamic_arguments);
  run_check("dynamic-echoes", check_dynamic_echoes);
}
