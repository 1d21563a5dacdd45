/* What the library does without, and the facts that the matrix stands on. */
#include "matrix.h"

/* Reading in place gives way to the plugin's own copy. */
#define READS_IN_PLACE(function, failure)       \
  {function, "reading goes through the plugin", \
   failure,  {"PJRT_Buffer_ToHostBuffer"},      \
   NULL,     "PJRT_Buffer_ReadyEvent"}
#define TELLS(function, what) \
  {function, what, FAILURE_TELLS, {NULL}, NULL, NULL}
#define IS_PASSED_OVER(function, what) \
  {function, what, FAILURE_IS_PASSED_OVER, {NULL}, NULL, NULL}

/* Functions that the library calls where they are there. What they tell has a
 * default, or comes another way. */
const matrix_fallback matrix_fallbacks[] = {
    TELLS("PJRT_Plugin_Initialize", "it is not called"),
    TELLS("PJRT_Plugin_Attributes", "no attributes"),
    IS_PASSED_OVER("PJRT_Error_ForEachPayload", "errors without payloads"),
    TELLS("PJRT_ExecuteContext_Create",
          "launches that name no context have none"),
    TELLS("PJRT_Client_PlatformName", "an empty text"),
    TELLS("PJRT_Client_PlatformVersion", "an empty text"),
    TELLS("PJRT_Client_ProcessIndex", "0"),
    TELLS("PJRT_Client_AddressableMemories", "no memories"),
    TELLS("PJRT_DeviceDescription_ProcessIndex", "0"),
    TELLS("PJRT_DeviceDescription_Kind", "an empty text"),
    TELLS("PJRT_DeviceDescription_DebugString", "an empty text"),
    TELLS("PJRT_DeviceDescription_ToString", "an empty text"),
    TELLS("PJRT_DeviceDescription_Attributes", "no attributes"),
    TELLS("PJRT_Device_LocalHardwareId", "-1"),
    TELLS("PJRT_Device_AddressableMemories",
          "the device has no memories, and no default one"),
    TELLS("PJRT_Device_DefaultMemory", "no default memory"),
    TELLS("PJRT_Memory_Kind", "an empty text"),
    TELLS("PJRT_Memory_Kind_Id", "0"),
    TELLS("PJRT_Memory_DebugString", "an empty text"),
    TELLS("PJRT_Memory_ToString", "an empty text"),
    TELLS("PJRT_Memory_AddressableByDevices", "no devices"),
    TELLS("PJRT_TopologyDescription_PlatformName", "an empty text"),
    TELLS("PJRT_TopologyDescription_PlatformVersion", "an empty text"),
    TELLS("PJRT_TopologyDescription_Attributes", "no attributes"),
    {"PJRT_Executable_OptimizedProgram",
     "the executable is unchecked",
     FAILURE_MAY_TELL,
     {NULL},
     NULL,
     NULL},
    {"PJRT_Executable_OutputElementTypes",
     "each output is asked for its type and dimensions",
     FAILURE_IS_PASSED_OVER,
     {"PJRT_Buffer_ElementType", "PJRT_Buffer_Dimensions"},
     "PJRT_LoadedExecutable_Execute",
     NULL},
    {"PJRT_Executable_OutputDimensions",
     "each output is asked for its type and dimensions",
     FAILURE_IS_PASSED_OVER,
     {"PJRT_Buffer_ElementType", "PJRT_Buffer_Dimensions"},
     "PJRT_LoadedExecutable_Execute",
     NULL},
    READS_IN_PLACE("PJRT_Buffer_GetMemoryLayout", FAILURE_IS_PASSED_OVER),
    READS_IN_PLACE("PJRT_Buffer_IsOnCpu", FAILURE_TELLS),
    READS_IN_PLACE("PJRT_Buffer_OpaqueDeviceMemoryDataPointer", FAILURE_TELLS),
    READS_IN_PLACE("PJRT_Buffer_IncreaseExternalReferenceCount", FAILURE_TELLS),
    READS_IN_PLACE("PJRT_Buffer_DecreaseExternalReferenceCount",
                   FAILURE_IS_PASSED_OVER),
    IS_PASSED_OVER("PJRT_Buffer_DynamicDimensionIndices",
                   "a buffer that a call gave counts as static"),
    IS_PASSED_OVER("PJRT_Buffer_IsDeleted",
                   "donated arguments count as consumed"),
    IS_PASSED_OVER("PJRT_LoadedExecutable_IsDeleted",
                   "what was not deleted here counts as not deleted"),
    IS_PASSED_OVER("PJRT_AsyncTrackingEvent_Destroy",
                   "the tracking event leaks"),
    IS_PASSED_OVER("PJRT_Event_Destroy", "the event leaks"),
    IS_PASSED_OVER("PJRT_Client_Destroy", "the client leaks"),
    IS_PASSED_OVER("PJRT_TopologyDescription_Destroy", "the topology leaks"),
    IS_PASSED_OVER("PJRT_Buffer_Destroy", "the buffer leaks"),
    IS_PASSED_OVER("PJRT_AsyncHostToDeviceTransferManager_Destroy",
                   "the transfer leaks"),
    IS_PASSED_OVER("PJRT_CopyToDeviceStream_Destroy", "the stream leaks"),
    IS_PASSED_OVER("PJRT_ExecuteContext_Destroy", "the context leaks"),
    IS_PASSED_OVER("PJRT_Executable_Destroy", "the executable leaks"),
    IS_PASSED_OVER("PJRT_LoadedExecutable_Destroy", "the executable leaks"),
};
const size_t matrix_num_fallbacks =
    sizeof matrix_fallbacks / sizeof *matrix_fallbacks;

const matrix_fallback *matrix_find_fallback(const char *function) {
  for (size_t i = 0; i < matrix_num_fallbacks; i++) {
    if (!strcmp(matrix_fallbacks[i].function, function))
      return &matrix_fallbacks[i];
  }
  return NULL;
}

bool matrix_is_required(const char *function) {
  return !strcmp(function, "PJRT_Error_Destroy") ||
         !strcmp(function, "PJRT_Error_Message") ||
         !strcmp(function, "PJRT_Error_GetCode");
}

/* Of an extension, whose own names for it differ. */
static bool ends_objects_of_extension(const char *function) {
  return (strstr(function, "_Delete") || strstr(function, "_Free")) &&
         matrix_index(function) >= pjrt_num_functions();
}

bool matrix_ends_objects(const char *function) {
  return strstr(function, "_Destroy") != NULL ||
         ends_objects_of_extension(function) ||
         !strcmp(function, "PJRT_Buffer_DecreaseExternalReferenceCount") ||
         !strcmp(function, "PJRT_Client_FulfillAliasBuffer") ||
         !strcmp(function,
                 "PJRT_AsyncHostToDeviceTransferManager_SetBufferError") ||
         !strcmp(function, "PJRT_Client_DmaUnmap");
}

/* ---- the registry's facts ------------------------------------------------ */

const matrix_field matrix_fields[] = {
#define PJRT_FIELD_ROW(structure, field, class, direction, since, type) \
  {#structure,                                                          \
   #field,                                                              \
   #class,                                                              \
   #direction,                                                          \
   type,                                                                \
   since,                                                               \
   offsetof(structure, field),                                          \
   sizeof(((structure *)0)->field)},
#include "abi/generated/fields.inc"
};
const size_t matrix_num_fields = sizeof matrix_fields / sizeof *matrix_fields;

/* Events that were not made by the call: they end as something else does. */
static bool gives_event_of_another(const char *function) {
  return !strcmp(function, "PJRT_Buffer_ReadyEvent") ||
         !strcmp(function, "PJRT_Event_Create") ||
         !strcmp(function, "PJRT_Buffer_CopyRawToHostFuture");
}

static bool is_event_of_call(const matrix_field *field) {
  return (!strcmp(field->type, "PJRT_Event *") &&
          !strcmp(field->direction, "OUT")) ||
         !strcmp(field->type, "PJRT_Event **");
}

bool matrix_gives_event(const char *function) {
  const size_t size = strlen(function);
  if (gives_event_of_another(function)) return false;
  for (size_t i = 0; i < matrix_num_fields; i++) {
    const matrix_field *field = &matrix_fields[i];
    if (!strncmp(field->structure, function, size) &&
        !strcmp(field->structure + size, "_Args") && is_event_of_call(field))
      return true;
  }
  return false;
}
