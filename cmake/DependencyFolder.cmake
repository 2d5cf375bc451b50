# Where scripts/install-deps keeps what it installs.
if(DEFINED ENV{SLUICE_DEPS})
  set(SLUICE_DEPS $ENV{SLUICE_DEPS})
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(SLUICE_DEPS $ENV{XDG_CACHE_HOME}/sluice/deps)
else()
  set(SLUICE_DEPS $ENV{HOME}/.cache/sluice/deps)
endif()
