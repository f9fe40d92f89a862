# The packages for Debian: aspis, and aspis-python, which goes with one version of Python. `./dev package` makes them.
set(ASPIS_MAINTAINER "Aspis maintainers <maintainers@example.org>" CACHE STRING "Who is responsible for the packages")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME aspis)
set(CPACK_PACKAGE_CONTACT "${ASPIS_MAINTAINER}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL agent)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_AGENT_PACKAGE_NAME aspis)
set(CPACK_DEBIAN_AGENT_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_AGENT_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers | systemd-sysusers")
set(CPACK_DEBIAN_AGENT_PACKAGE_SUGGESTS "aspis-python, apparmor-profiles")
set(CPACK_DEBIAN_AGENT_DESCRIPTION "observer and enforcer for Python programs
Joins what Python says (audit events, PEP 578) with what the kernel does
(files, processes, network, privileges), and shows both as one live log.
With a profile in AppArmor's language it also decides, in the kernel, what a
command and all that it starts may do. Programs are neither changed nor
restarted: BPF programs do it.

The package has the agent as a service, its tools, and the library for a
hook inside of Python.")
set(scripts ${CMAKE_CURRENT_LIST_DIR}/debian)
set(CPACK_DEBIAN_AGENT_PACKAGE_CONTROL_EXTRA
  "${scripts}/conffiles;${scripts}/postinst;${scripts}/prerm;${scripts}/postrm")

if(TARGET aspis_python)
  list(APPEND CPACK_COMPONENTS_ALL python)
  set(CPACK_DEBIAN_PYTHON_PACKAGE_NAME aspis-python)
  set(CPACK_DEBIAN_PYTHON_PACKAGE_SECTION admin)
  set(CPACK_DEBIAN_PYTHON_DESCRIPTION "Python with the hook of Aspis built in
This is Debian's Python with a hook that is there before any code runs: it
enforces the audit rules of a profile with exceptions, and loads only code
that a signed manifest names.")
endif()

# What Debian wants of each: who wrote it, and what has changed. The date is that of the last commit, not of the build.
set(DEB_VERSION ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})
set(DEB_MAINTAINER "${ASPIS_MAINTAINER}")
execute_process(COMMAND git log -1 --format=%cD WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
  OUTPUT_VARIABLE DEB_DATE OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT DEB_DATE)
  string(TIMESTAMP DEB_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
endif()
foreach(package ${CPACK_COMPONENTS_ALL})
  string(TOUPPER ${package} upper)
  set(DEB_NAME ${CPACK_DEBIAN_${upper}_PACKAGE_NAME})
  set(made ${CMAKE_CURRENT_BINARY_DIR}/${DEB_NAME})
  configure_file(debian/changelog ${made}/changelog.Debian @ONLY)
  execute_process(COMMAND gzip -9nf ${made}/changelog.Debian)
  install(FILES ${made}/changelog.Debian.gz debian/copyright DESTINATION share/doc/${DEB_NAME} COMPONENT ${package})
  if(EXISTS ${CMAKE_CURRENT_LIST_DIR}/debian/${DEB_NAME}.lintian-overrides)
    install(FILES debian/${DEB_NAME}.lintian-overrides DESTINATION share/lintian/overrides RENAME ${DEB_NAME} COMPONENT ${package})
  endif()
endforeach()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSES/BSD-2-Clause.txt DESTINATION share/doc/aspis COMPONENT agent)

include(CPack)
