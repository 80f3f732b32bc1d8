# The plugin as a part of Wireshark's own source: see docs/install.md.
include(WiresharkPlugin)
set_module_info(siptrail 0 1 0 0)

set(PLUGIN_FILES ${GLUE_SOURCES} ${CORE_SOURCES})
set_source_files_properties(${PLUGIN_FILES} PROPERTIES COMPILE_FLAGS "${WERROR_COMMON_FLAGS}")

add_wireshark_plugin_library(siptrail epan)
target_compile_definitions(siptrail PRIVATE SIPTRAIL_VERSION=PLUGIN_VERSION)
target_compile_options(siptrail PRIVATE $<$<BOOL:${SIPTRAIL_WERROR}>:-Werror>)
target_include_directories(siptrail PRIVATE core)
target_include_directories(siptrail SYSTEM PRIVATE ${GCRYPT_INCLUDE_DIRS})
target_link_libraries(siptrail epan ${GCRYPT_LIBRARIES})
install_plugin(siptrail epan)
