# Packages, by `cpack -G DEB` and `cpack -G TGZ` in the build folder. Each serves the version of Wireshark that it was
# built with, and says so in its name and in its dependencies.
set(minor "${Wireshark_MAJOR_VERSION}.${Wireshark_MINOR_VERSION}")
math(EXPR next_minor "${Wireshark_MINOR_VERSION} + 1")
set(package_version "${PROJECT_VERSION}+ws${minor}")

set(CPACK_PACKAGE_NAME wireshark-plugin-siptrail)
set(CPACK_PACKAGE_VERSION "${package_version}")
set(CPACK_PACKAGE_CONTACT "SIP Trail maintainers <maintainers@siptrail.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Wireshark plugin that explains SIP authentication")
set(CPACK_PACKAGE_DESCRIPTION
"Why does this SIP trunk not register? This plugin answers it on the packet.
For every 401 and 407 it finds the request that answers the challenge, says
how that ended and why, and checks the digest against the credentials that
you configure; for every 204 (No Notification) it finds the SUBSCRIBE behind
it and says whether the 204 was right.
.
It works in the packet details, filters, fields and tables of wireshark and
tshark. No secret is ever shown.
.
This package is for Wireshark ${minor}.")
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_SOURCE_GENERATOR "")

# --- Debian

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_ENHANCES "tshark, wireshark")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

# Wireshark loads no plugin of another minor version: the library's package is bound to this one.
get_target_property(library epan IMPORTED_LOCATION_NONE)
execute_process(COMMAND dpkg-query -S "${library}" OUTPUT_VARIABLE owner ERROR_QUIET)
string(REGEX MATCH "^libwireshark[^:]*" owner "${owner}")
if(owner)
    set(CPACK_DEBIAN_PACKAGE_DEPENDS
        "${owner} (>= ${minor}~), ${owner} (<< ${Wireshark_MAJOR_VERSION}.${next_minor}~)")
endif()

find_program(GZIP gzip)
if(GZIP)
    set(changelog ${CMAKE_CURRENT_BINARY_DIR}/changelog)
    configure_file(package/changelog.in ${changelog} @ONLY)
    add_custom_command(OUTPUT ${changelog}.gz COMMAND ${GZIP} -9nk -f ${changelog} DEPENDS ${changelog})
    set(manual ${CMAKE_CURRENT_BINARY_DIR}/siptrail.4)
    add_custom_command(OUTPUT ${manual}.gz COMMAND ${GZIP} -9nc ${CMAKE_SOURCE_DIR}/docs/siptrail.4 >${manual}.gz
                       DEPENDS ${CMAKE_SOURCE_DIR}/docs/siptrail.4)
    add_custom_target(package-documents ALL DEPENDS ${changelog}.gz ${manual}.gz)
    install(FILES ${changelog}.gz package/copyright DESTINATION share/doc/wireshark-plugin-siptrail
            COMPONENT debian EXCLUDE_FROM_ALL)
    install(FILES ${manual}.gz DESTINATION share/man/man4 COMPONENT debian EXCLUDE_FROM_ALL)
endif()

# What links and pictures in the documents lead to comes along, as far as it is in their folder.
function(install_documents destination component)
    set(documents ${CMAKE_SOURCE_DIR}/docs)
    file(GLOB texts ${documents}/*.md)
    file(GLOB pictures ${documents}/images/*.png)
    file(GLOB recipes ${documents}/recipes/*)
    install(FILES ${texts} DESTINATION ${destination} COMPONENT ${component} EXCLUDE_FROM_ALL)
    install(FILES ${pictures} DESTINATION ${destination}/images COMPONENT ${component} EXCLUDE_FROM_ALL)
    install(PROGRAMS ${recipes} DESTINATION ${destination}/recipes COMPONENT ${component} EXCLUDE_FROM_ALL)
endfunction()
install_documents(share/doc/wireshark-plugin-siptrail debian)
install_documents(docs archive)

# --- plain archive, for the personal folder

install(PROGRAMS package/install-here.sh DESTINATION . RENAME install.sh COMPONENT archive EXCLUDE_FROM_ALL)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE package/profile.sh DESTINATION . COMPONENT archive EXCLUDE_FROM_ALL)
install(DIRECTORY profile DESTINATION . COMPONENT archive EXCLUDE_FROM_ALL)
set(CPACK_ARCHIVE_FILE_NAME "siptrail-${PROJECT_VERSION}-wireshark-${minor}-${CMAKE_SYSTEM_PROCESSOR}")

set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_SOURCE_DIR}/package/choose.cmake)
include(CPack)
