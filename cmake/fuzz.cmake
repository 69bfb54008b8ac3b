# The fuzz targets, where they are asked for (preset `fuzz`): what reads bytes from outside, without the engines.
if(CUBBY_SANITIZE MATCHES fuzzer)
  add_library(cubby_fuzzed STATIC src/net/connection.cpp src/net/connection_body.cpp src/net/request_log.cpp src/net/request_parser.cpp
              src/net/socket_stream.cpp src/net/tls_session.cpp src/net/traffic.cpp src/service/list_cursor.cpp src/store/catalog_record.cpp
              src/store/record.cpp)
  target_link_libraries(cubby_fuzzed PUBLIC cubby_wire PkgConfig::xxhash spdlog::spdlog OpenSSL::SSL)
  # Clang 14 writes objects that cannot be assembled when it checks types of functions and counts edges at once.
  target_compile_options(cubby_options INTERFACE -fno-sanitize-recover=all -fno-sanitize=vptr,function)
  file(GLOB fuzz_sources CONFIGURE_DEPENDS fuzz/*.cpp)
  foreach(source ${fuzz_sources})
    get_filename_component(name ${source} NAME_WE)
    add_executable(fuzz_${name} EXCLUDE_FROM_ALL ${source})
    target_link_libraries(fuzz_${name} PRIVATE cubby_fuzzed)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    list(APPEND fuzz_targets fuzz_${name})
  endforeach()
  add_custom_target(fuzz_targets DEPENDS ${fuzz_targets})
endif()
