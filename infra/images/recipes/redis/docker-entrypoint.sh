#!/bin/sh
# As the official image: arguments of redis-server may stand alone, root gives way to the user redis, and
# protected mode is off, since without a password only the container's network keeps others out.
set -e
if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then set -- redis-server "$@"; fi
case "$*" in
  *--version | *--help | *-v | *-h) ;;
  redis-server | redis-server\ *) set -- "$@" --protected-mode no ;;
esac
if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
  exec setpriv --reuid redis --regid redis --init-groups -- "$@"
fi
exec "$@"
