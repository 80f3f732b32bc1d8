# What is installed, and where to.
#
# By default below the prefix of Wireshark itself, for all users. With SIPTRAIL_PERSONAL below your home, where
# Wireshark looks too, except when it is root who runs it.
option(SIPTRAIL_PERSONAL "Install into your personal folders" OFF)

if(SIPTRAIL_PERSONAL)
    set(default_prefix "$ENV{HOME}/.local")
    set(default_plugins "lib/wireshark/plugins/${Wireshark_MAJOR_VERSION}.${Wireshark_MINOR_VERSION}")
else()
    set(default_prefix "${Wireshark_INSTALL_PREFIX}")
    set(default_plugins "${Wireshark_PLUGIN_LIBDIR}")
endif()
if(CMAKE_INSTALL_PREFIX_INITIALIZED_TO_DEFAULT)
    set(CMAKE_INSTALL_PREFIX "${default_prefix}" CACHE PATH "Where to install to" FORCE)
endif()
set(SIPTRAIL_PLUGIN_DIR "${default_plugins}" CACHE PATH "Wireshark's plugin folder, if not the one below the prefix")

install(TARGETS siptrail LIBRARY DESTINATION "${SIPTRAIL_PLUGIN_DIR}/epan" COMPONENT plugin NAMELINK_SKIP)
install(FILES ${CMAKE_SOURCE_DIR}/docs/siptrail.4 DESTINATION share/man/man4 COMPONENT manual)
# For all users it is on offer in the list of profiles. Nobody's own folder gets it without being asked: install.sh --profile.
if(NOT SIPTRAIL_PERSONAL)
    install(DIRECTORY profile/ DESTINATION "share/wireshark/profiles/SIP Trail" COMPONENT profile)
endif()

add_custom_target(uninstall
    COMMAND ${CMAKE_COMMAND} -DMANIFEST=${CMAKE_BINARY_DIR}/install_manifest.txt
            -P ${CMAKE_CURRENT_SOURCE_DIR}/package/uninstall.cmake)
