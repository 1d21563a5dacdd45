# Writes a file's bytes as a C array, so that the command carries them:
#   cmake -DINPUT=data.json -DSYMBOL=name -DOUTPUT=data.c -P EmbedFile.cmake
# declares `const char name[]`, NUL-ended, and `const size_t name_size`, which
# does not count the NUL. OUTPUT gets a header beside it.
get_filename_component(_header ${OUTPUT} NAME_WE)
get_filename_component(_folder ${OUTPUT} DIRECTORY)
get_filename_component(_input_name ${INPUT} NAME)
string(TOUPPER ${_header}_H _guard)

file(READ ${INPUT} _hex HEX)
string(REGEX REPLACE "(..)" "0x\\1," _bytes "${_hex}")
string(REGEX REPLACE "(................................................................................)"
  "  \\1\n" _bytes "${_bytes}")

file(WRITE ${_folder}/${_header}.h
"/* Made by the build from ${_input_name}. */
#ifndef ${_guard}
#define ${_guard}

#include <stddef.h>

extern const char ${SYMBOL}[];
extern const size_t ${SYMBOL}_size;

#endif
")
file(WRITE ${OUTPUT}
"/* Made by the build from ${_input_name}. */
#include \"${_header}.h\"

const char ${SYMBOL}[] = {
${_bytes}
  0};
const size_t ${SYMBOL}_size = sizeof ${SYMBOL} - 1;
")
