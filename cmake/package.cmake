# What `cmake --install` puts where, and the Debian package (`./dev package`).
include(GNUInstallDirs)
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # the tests need not be built for it
install(TARGETS cubby)
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
install(FILES packaging/cubby.service packaging/cubby.socket packaging/cubby-binding.socket
        DESTINATION lib/systemd/system)
install(FILES packaging/cubby.toml DESTINATION /etc/cubby)
if(NOT CUBBY_SANITIZE)
  # Manual pages and completion are made by the program itself, from the definition of its command line.
  set(install_files ${CMAKE_BINARY_DIR}/install-files)
  add_custom_command(TARGET cubby POST_BUILD COMMAND cubby install-files ${install_files})
  install(DIRECTORY ${install_files}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${install_files}/completion/bash/cubby
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${install_files}/completion/zsh/_cubby DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
  install(FILES ${install_files}/completion/fish/cubby.fish
          DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "The Cubby authors <cubby@localhost>")
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/package)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
# Two packages: who has no Ceph cluster needs no librados.
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL Unspecified)
set(CPACK_DEBIAN_UNSPECIFIED_PACKAGE_NAME cubby)
set(CPACK_DEBIAN_UNSPECIFIED_PACKAGE_DEPENDS passwd)
if(TARGET cubby_rados)
  list(APPEND CPACK_COMPONENTS_ALL rados)
  set(CPACK_DEBIAN_RADOS_PACKAGE_NAME cubby-rados)
  set(CPACK_DEBIAN_RADOS_PACKAGE_DEPENDS "cubby (= ${PROJECT_VERSION})")
  set(CPACK_DEBIAN_RADOS_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/packaging/rados/postinst)
  set(CPACK_COMPONENT_RADOS_DESCRIPTION "The engine of Cubby for a Ceph cluster (cubby serve --engine rados).")
endif()
set(CPACK_DEBIAN_UNSPECIFIED_PACKAGE_CONTROL_EXTRA
    ${CMAKE_CURRENT_SOURCE_DIR}/packaging/postinst ${CMAKE_CURRENT_SOURCE_DIR}/packaging/prerm
    ${CMAKE_CURRENT_SOURCE_DIR}/packaging/postrm ${CMAKE_CURRENT_SOURCE_DIR}/packaging/conffiles)
include(CPack)
