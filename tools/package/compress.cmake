# Debian wants manual pages and changelogs compressed; without a time stamp, so that the same tree gives the same package.
file(GLOB pages ${CPACK_TEMPORARY_DIRECTORY}/*/usr/share/man/*/*.[17] ${CPACK_TEMPORARY_DIRECTORY}/*/usr/share/doc/*/changelog)
foreach(page ${pages})
  execute_process(COMMAND gzip -9n ${page} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
