# How this project's own code is compiled. Nothing here leaks into a project
# that includes this one: flags are set per target, by pjrt_compile_options().

# The language, the warnings and the sanitizers for one of our targets.
function(pjrt_compile_options target)
  set_target_properties(${target} PROPERTIES
    C_STANDARD 11
    C_STANDARD_REQUIRED ON
    C_EXTENSIONS OFF
    C_VISIBILITY_PRESET hidden
    POSITION_INDEPENDENT_CODE ON)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow
    -Wstrict-prototypes -Wmissing-prototypes
    $<$<BOOL:${PJRT_WERROR}>:-Werror>)
  pjrt_sanitize(${target})
endfunction()

# Sanitizers alone: for generated code, whose warnings are not ours to fix.
function(pjrt_sanitize target)
  if(PJRT_SANITIZE)
    target_compile_options(${target} PRIVATE
      -fsanitize=${PJRT_SANITIZE} -fno-sanitize-recover=all
      -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=${PJRT_SANITIZE})
  endif()
endfunction()
