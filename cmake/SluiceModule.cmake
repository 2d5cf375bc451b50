# sluice_module(NAME [LINK target...]): the folder is the module. Every .cc in it but *_test.cc makes the library sluice_NAME;
# every *_test.cc makes NAME_test. LINK names what the module uses; who may use whom is the table in docs/architecture.md.

cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH SLUICE_ROOT)
add_library(sluice_flags INTERFACE)
target_include_directories(sluice_flags INTERFACE ${SLUICE_ROOT}/src)
target_compile_options(sluice_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual -Wconversion -Wno-sign-conversion
  -Wimplicit-fallthrough -Wno-missing-field-initializers -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(sluice_flags INTERFACE -Wno-error)  # it builds the fuzz targets only; g++ decides on warnings
endif()
if(SLUICE_SANITIZE)
  target_compile_options(sluice_flags INTERFACE -fsanitize=${SLUICE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(sluice_flags INTERFACE -fsanitize=${SLUICE_SANITIZE})
endif()
if(MOLD)
  target_link_options(sluice_flags INTERFACE -fuse-ld=mold)
endif()

# DuckDB allocates a lot. With these the sanitizer watches as much and remembers less: take them away to learn where something
# was allocated.
set(SLUICE_DUCKDB_TEST_ENVIRONMENT "ASAN_OPTIONS=malloc_context_size=0:quarantine_size_mb=8:thread_local_quarantine_size_kb=64")
if(SLUICE_SANITIZE MATCHES thread)
  # DuckDB was built without it, so that its own locks are not seen.
  set(SLUICE_DUCKDB_TEST_ENVIRONMENT "TSAN_OPTIONS=ignore_noninstrumented_modules=1")
endif()

function(sluice_module name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  if(sources)
    add_library(sluice_${name} STATIC ${sources})
    target_link_libraries(sluice_${name} PUBLIC sluice_flags ${arg_LINK})
  else()
    add_library(sluice_${name} INTERFACE)
    target_link_libraries(sluice_${name} INTERFACE sluice_flags ${arg_LINK})
  endif()
  if(SLUICE_TESTS AND tests)
    sluice_test(${name}_test SOURCES ${tests} LINK sluice_${name})
  endif()
endfunction()

# sluice_test(NAME SOURCES file... LINK target...): one GoogleTest program, run in a time zone that is not UTC (invariant 10).
function(sluice_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LINK} GTest::gmock GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "TZ=Asia/Kolkata;SLUICE_SOURCE=${SLUICE_ROOT};SLUICE_BINARY=$<TARGET_FILE_DIR:${name}>")
endfunction()
