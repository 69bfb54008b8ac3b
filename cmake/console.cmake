# The web console: built by console/build into one source file of cubby_net, or an empty table without it.
set(console_directory ${CMAKE_CURRENT_BINARY_DIR}/console)
if(CUBBY_CONSOLE)
  file(GLOB_RECURSE console_sources CONFIGURE_DEPENDS console/src/*)
  add_custom_command(
    OUTPUT ${console_directory}/console_assets.cpp
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/console/build ${console_directory}
    DEPENDS console/build console/build.mjs console/package.json console/package-lock.json ${console_sources}
    COMMENT "Building the console" VERBATIM)
else()
  file(CONFIGURE OUTPUT ${console_directory}/console_assets.cpp CONTENT [[
#include "net/static_assets.hpp"
std::span<const cubby::StaticAsset> cubby::console_assets() { return {}; }
]])
endif()
target_sources(cubby_net PRIVATE ${console_directory}/console_assets.cpp)
